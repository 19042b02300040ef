"""The link that stops one kind of advertising: it needs no session, no row and no date, and nobody can make one up.

A token is the person's id and the kind, signed with HMAC-SHA256 under HASH_KEY (RFC 8058, 4: opaque, hard to forge).
It never expires: a letter can lie in a mailbox for years, and its link must still keep its promise (Decree 91/2020).
"""

import base64
import binascii
import hmac
from uuid import UUID

from flask import current_app

from portal.consents.purposes import ConsentPurpose

PATH = "/unsubscribe/"
MAC_BYTES = 16
CODES = {
    ConsentPurpose.PROMOTIONS: b"p",
    ConsentPurpose.EVENTS: b"e",
    ConsentPurpose.NEW_SERVICES: b"n",
    ConsentPurpose.SURVEYS: b"s",
    ConsentPurpose.ACCOMMODATION: b"a",
}
PURPOSES = {code: purpose for purpose, code in CODES.items()}
TOKEN_LENGTH = 44


def link(user_id: UUID, purpose: ConsentPurpose) -> str:
    """The absolute address that stops `purpose` for this person. Raises KeyError for what is not a kind of mail."""
    payload = user_id.bytes + CODES[purpose]
    token = base64.urlsafe_b64encode(payload + _mac(payload)).decode()
    return f"{current_app.extensions['settings'].base_url}{PATH}{token}"


def read(token: str) -> tuple[UUID, ConsentPurpose] | None:
    """Whose letters and which kind a token stops; None for one that we did not sign."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(token) != TOKEN_LENGTH or not hmac.compare_digest(mac, _mac(payload)):
        return None
    return UUID(bytes=payload[:16]), PURPOSES[payload[16:]]


def _mac(payload: bytes) -> bytes:
    key = current_app.extensions["settings"].hash_key.encode()
    return hmac.digest(key, b"unsubscribe\0" + payload, "sha256")[:MAC_BYTES]
