"""/dev/authenticator: an authenticator app for whoever tries the portal without a telephone; in development only."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from flask_babel import lazy_gettext as _l

from portal.core import clock
from portal.core.forms import Form, Text, at_most, required
from portal.signin.factors import totp


class AuthenticatorForm(Form):
    secret = Text(_l("Secret"), validators=[required(), at_most(500)])


@dataclass(frozen=True)
class Shown:
    """What a telephone would show."""

    code: str
    seconds_left: int


def show(typed: str) -> Shown | None:
    """The code of this moment for a secret, or for a whole otpauth: address; None when it is neither."""
    now = clock.now()
    try:
        code = totp.code_at(_secret(typed), now)
    except ValueError:
        return None
    return Shown(code, totp.seconds_left(now))


def _secret(typed: str) -> str:
    if typed.startswith("otpauth:"):
        typed = "".join(parse_qs(urlsplit(typed).query).get("secret", []))
    return "".join(c for c in typed if c.isalnum())
