"""Six digits that a telephone and the portal work out alike (TOTP, RFC 6238), by pyotp: SHA-1, 30 seconds.

These are the values that every authenticator app knows. One step of difference either way is allowed for clocks that
are a little off and people who type slowly (RFC 6238, 5.2).
"""

import re
from datetime import datetime
from unicodedata import normalize

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

ISSUER = "Smartos"
SECONDS = 30
STEPS_OFF = 1
SIX_DIGITS = re.compile(r"[0-9]{6}")
BETWEEN = re.compile(r"[\s\-.]+")


def new_secret() -> str:
    """160 random bits in base32, the size that RFC 4226 (4, R6) recommends."""
    return pyotp.random_base32()


def address(secret: str, account: str) -> str:
    """The otpauth: address that an authenticator app takes the secret from."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def picture(words: str) -> str:
    """A QR code of `words` as a data: address of an SVG; dark on white in every theme, as cameras want it."""
    return segno.make(words, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def digits(typed: str) -> str | None:
    """The six digits somebody typed, with blanks or in full width too; None when it is something else."""
    plain = BETWEEN.sub("", normalize("NFKC", typed))
    return plain if SIX_DIGITS.fullmatch(plain) else None


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """Which 30-second step since 1970 `code` belongs to, when it is the present one or a neighbour; else None."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=at, valid_window=STEPS_OFF)
    except OTPVerificationError:
        return None


def code_at(secret: str, at: datetime) -> str:
    """What an authenticator app shows at this moment.

    Raises ValueError when `secret` is none (not base32, or less than 112 bits).
    """
    return pyotp.TOTP(secret).at(at)


def seconds_left(at: datetime) -> int:
    """How long the code of this moment is still shown, 1 to 30 seconds."""
    return SECONDS - int(at.timestamp()) % SECONDS
