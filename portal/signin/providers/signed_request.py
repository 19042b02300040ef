"""What Facebook's own callbacks carry: a `signed_request`, checked before a word of it is believed.

`base64url(signature) "." base64url(JSON)`. The signature is HMAC-SHA256 with the app's secret over the second part
exactly as it came, padded or not (Meta, "Data Deletion Request Callback").
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.core import clock

ALGORITHM = "HMAC-SHA256"
LONGEST = 8_000  # characters; a real one has about 250
OLDEST = timedelta(days=7)
CLOCKS_DIFFER = timedelta(minutes=5)
FORM = re.compile(r"(?P<signature>[A-Za-z0-9_-]{43})=?\.(?P<payload>[A-Za-z0-9_-]+={0,2})", re.ASCII)
APP_SCOPED_ID = re.compile(r"[0-9]{1,64}", re.ASCII)


class Refused(Exception):
    """Not Facebook's word, or not any more; the text says why in a few words and names nobody."""


@dataclass(frozen=True)
class SignedRequest:
    """Who it is about (Facebook's id of the person for this app alone), and when Facebook said so."""

    user_id: str
    issued_at: datetime


def read(text: str, *, secret: str) -> SignedRequest:
    """What Facebook says. Raises Refused."""
    if not secret:
        raise Refused("there is no app secret to check it with")
    found = FORM.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise Refused("it is not two parts of base64url")
    signature, payload = _decoded(found["signature"]), found["payload"]
    expected = hmac.new(secret.encode(), payload.encode("ascii"), hashlib.sha256).digest()
    if not hmac.compare_digest(signature, expected):
        raise Refused("the signature does not fit")
    return _believed(_decoded(payload))


def _decoded(part: str) -> bytes:
    bare = part.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise Refused("it is not base64url") from None


def _believed(payload: bytes) -> SignedRequest:
    try:
        said: Any = json.loads(payload)
    except (ValueError, RecursionError):
        raise Refused("it holds no JSON") from None
    if not isinstance(said, dict):
        raise Refused("it holds no JSON object")
    if str(said.get("algorithm")).upper() != ALGORITHM:
        raise Refused("it names another algorithm")
    return SignedRequest(_id(said.get("user_id")), _fresh(said.get("issued_at")))


def _id(said: Any) -> str:
    """Text as Meta writes it today; a number is taken as well, since other languages write it so."""
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    if not APP_SCOPED_ID.fullmatch(text):
        raise Refused("it names nobody")
    return text


def _fresh(seconds: Any) -> datetime:
    """The time that Facebook wrote on it, while that is believable. A replay after the week finds nothing to do."""
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Refused("it does not say when")
    now = clock.now().timestamp()
    if not now - OLDEST.total_seconds() <= seconds <= now + CLOCKS_DIFFER.total_seconds():
        raise Refused("it is not of these days")
    return datetime.fromtimestamp(seconds, tz=UTC)
