"""Security event tokens from Google (RFC 8417), checked as its Cross-Account Protection asks; nothing is acted on here.

An ID token is signed by the same keys for the same audience, so what tells the two apart counts: `events` must be
there (RFC 8417, 4.1), and a type, where one is given, must be a token's or an event's. `exp` means nothing here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jws import CompactSignature

from portal.core import clock
from portal.signin.providers.event_keys import EventKeys

LONGEST = 64_000  # bytes; a real one has about one thousand
ALGORITHMS = ["RS256"]
TYPES = ("secevent+jwt", "application/secevent+jwt", "jwt")
CLOCKS_DIFFER = timedelta(minutes=5)
OLDEST = timedelta(days=30)  # far less than an event's id is remembered, so that no replay outlives the memory of it
LONGEST_ID = 500


class Refused(Exception):
    """Not Google's word to us. `err` is a code of RFC 8935, 2.4; the description names nobody."""

    def __init__(self, err: str, description: str) -> None:
        super().__init__(description)
        self.err, self.description = err, description


@dataclass(frozen=True)
class Event:
    """One thing that happened. `subject` is the person's number at Google, None where none was named by number."""

    kind: str
    subject: str | None
    reason: str


@dataclass(frozen=True)
class Told:
    """All that one token tells. `jti` names the token, once for ever."""

    jti: str
    events: tuple[Event, ...]


def read(token: bytes, *, known: EventKeys, client_id: str) -> Told:
    """What Google tells. Raises Refused, KeysUnavailable."""
    if not client_id:
        raise Refused("invalid_audience", "Nobody here is known to Google.")
    opened = _opened(token)
    kid = opened.headers()["kid"]
    issuer, key = known.find(kid)
    if key is None:
        raise Refused("invalid_key", "The key is not one that the issuer publishes.")
    _check_signature(opened, key)
    claims = _json_object(opened.payload)
    if claims.get("iss") != issuer:
        raise Refused("invalid_issuer", "The issuer is another one.")
    if client_id not in _listed(claims.get("aud")):
        raise Refused("invalid_audience", "It is meant for somebody else.")
    _check_time(claims.get("iat"))
    return Told(_jti(claims.get("jti")), tuple(_events(claims.get("events"), issuer)))


def _opened(token: bytes) -> CompactSignature:
    if len(token) > LONGEST:
        raise Refused("invalid_request", "It is too long.")
    try:
        opened = jws.extract_compact(token)
        header: Any = opened.headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise Refused("invalid_request", "It is not a signed token.") from None
    if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS:
        raise Refused("invalid_key", "It is not signed by RS256.")
    if not isinstance(header.get("kid"), str):
        raise Refused("invalid_key", "It does not say by which key it is signed.")
    if str(header.get("typ", "jwt")).lower() not in TYPES:
        raise Refused("invalid_request", "It is a token of another type.")
    return opened


def _check_signature(opened: CompactSignature, key: Any) -> None:
    try:
        if not jws.validate_compact(opened, key, ALGORITHMS):
            raise BadSignatureError
    except (JoseError, ValueError, TypeError):
        raise Refused("authentication_failed", "The signature does not fit.") from None


def _json_object(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise Refused("invalid_request", "It holds no JSON.") from None
    return _object(said, "It holds no JSON object.")


def _object(said: Any, otherwise: str) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Refused("invalid_request", otherwise)
    return said


def _listed(audience: Any) -> list[Any]:
    return audience if isinstance(audience, list) else [audience]


def _check_time(issued_at: Any) -> None:
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise Refused("invalid_request", "It does not say when it was issued.")
    now = clock.now().timestamp()
    if not now - OLDEST.total_seconds() <= issued_at <= now + CLOCKS_DIFFER.total_seconds():
        raise Refused("invalid_request", "It is not of these days.")


def _jti(said: Any) -> str:
    if not isinstance(said, str) or not 0 < len(said) <= LONGEST_ID:
        raise Refused("invalid_request", "It has no id.")
    return said


def _events(said: Any, issuer: str) -> Iterator[Event]:
    events = _object(said, "It tells of no event.")
    if not events:
        raise Refused("invalid_request", "It tells of no event.")
    for kind, payload in events.items():
        told = _object(payload, "An event of it is no JSON object.")
        reason = told.get("reason")
        yield Event(kind, _subject(told.get("subject"), issuer), reason if isinstance(reason, str) else "")


def _subject(said: Any, issuer: str) -> str | None:
    """The number of the person at this issuer, never found by address; another issuer's people are nobody here.

    A subject named otherwise (a token by its hash) is nobody known either. Raises Refused where it is malformed.
    """
    if said is None:
        return None
    subject = _object(said, "Its subject is no JSON object.")
    named_by = str(subject.get("subject_type", subject.get("format"))).replace("_", "-")
    if named_by not in ("iss-sub", "id-token-claims"):
        return None
    number = subject.get("sub")
    if named_by == "id-token-claims" and number is None:
        return None
    if not isinstance(number, str) or not 0 < len(number) <= LONGEST_ID or not isinstance(subject.get("iss"), str):
        raise Refused("invalid_request", "Its subject is named by halves.")
    return number if subject["iss"].rstrip("/") == issuer.rstrip("/") else None
