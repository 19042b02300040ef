"""The envelope's sender, one for each letter (VERP), signed so that a forged bounce can suppress nobody.

A report goes back to this address (RFC 5321, 3.6.3), so it tells which letter failed whatever the report's own words
say. Everything is in lower case, as some servers lower what comes before the @; that part stays within the
64 octets of RFC 5321, 4.5.3.1.1.
"""

import hmac
import re
from email.utils import parseaddr
from functools import lru_cache
from typing import Final, Literal, overload
from uuid import UUID

from portal.core import hashes
from portal.extensions import settings

DELIVERY: Final = "n"
LETTER: Final = "l"
PREFIX = "bounces+"
MAC_LENGTH = 20
"""Hex digits (80 bits): whoever guesses has to mail us each guess, and cannot test one alone."""

LONGEST_LOCAL = len(PREFIX) + 1 + 32 + 1 + MAC_LENGTH
"""What comes before the @, at most: that of a letter, whose id has 32 hex digits."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

LIKE_OURS = re.compile(r"bounces\+[nl][0-9a-z]{1,32}-[0-9a-f]{20}@[0-9a-z.-]*", re.IGNORECASE | re.ASCII)
FEW = 20

Origin = tuple[Literal["n"], int] | tuple[Literal["l"], UUID]


@overload
def envelope_sender(kind: Literal["n"], of: int) -> str: ...
@overload
def envelope_sender(kind: Literal["l"], of: UUID) -> str: ...
def envelope_sender(kind: Literal["n", "l"], of: int | UUID) -> str:
    """The address to which a report about this delivery (kind "n") or letter (kind "l") comes back."""
    payload = kind + (of.hex if isinstance(of, UUID) else _in_base_36(of))
    return f"{PREFIX}{payload}-{_mac(payload)}@{_domain(settings().mail_from)}"


def read(address: str) -> Origin | None:
    """Which delivery or letter an address of ours names; None when it is none of ours, forged or damaged.

    Its domain is not looked at: a report on a letter from before MAIL_FROM changed is as true as any.
    """
    local = address.strip().lower().rpartition("@")[0]
    if not local.startswith(PREFIX):
        return None
    payload, _, mac = local.removeprefix(PREFIX).rpartition("-")
    if not hmac.compare_digest(_mac(payload).encode(), mac.encode(errors="replace")):
        return None
    return (DELIVERY, int(payload[1:], 36)) if payload.startswith(DELIVERY) else (LETTER, UUID(payload[1:]))


def find(text: str) -> Origin | None:
    """The first signed address of ours in `text`, such as the value of a header; looks at twenty at most."""
    for match, _ in zip(LIKE_OURS.finditer(text), range(FEW), strict=False):
        if origin := read(match.group()):
            return origin
    return None


def _mac(payload: str) -> str:
    return hashes.keyed("verp", payload.encode(errors="replace").decode())[:MAC_LENGTH]


def _in_base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"


@lru_cache(maxsize=8)
def _domain(mail_from: str) -> str:
    return parseaddr(mail_from)[1].rpartition("@")[2].lower()
