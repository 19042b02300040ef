"""Receipts: the signed line of the ledger, shown to whoever holds its code. Ids and counts only."""

from dataclasses import asdict
from typing import Any

from portal.erasure.ledger import Entry
from portal.erasure.models import Closing, State
from portal.erasure.opened import ledger, signer
from portal.erasure.rehearsal import label
from portal.erasure.signer import public_key, verifies


def lines(closing: Closing) -> list[tuple[str, int]]:
    """What went, in words, the most first; empty before it has gone."""
    if closing.state != State.PURGED:
        return []
    named = [(str(label(name)), count) for name, count in closing.counts.items() if count]
    return sorted(named, key=lambda pair: -pair[1])


def entry(closing: Closing) -> Entry | None:
    """The closing's line in the ledger, once the erasure is complete."""
    if closing.state != State.PURGED or closing.ledger_seq is None:
        return None
    return next(ledger().entries(closing.ledger_seq), None)


def document(closing: Closing) -> dict[str, Any] | None:
    """The receipt for programs: the line as it was signed, and the key."""
    found = entry(closing)
    return None if found is None else {"entry": asdict(found), "keys": public_keys()}


def public_keys() -> list[dict[str, str]]:
    """The public halves of the keys that sign (RFC 8037, 2)."""
    return [signer().public_jwk()]


def is_genuine(given: Any) -> bool:
    """Whether a receipt (as `document` gives it) was signed by this portal and says what it said then."""
    try:
        found = Entry(**given["entry"])
        key = public_key(signer().public_jwk())
        return found.is_typed() and verifies(key, found.signature, found.signed_bytes())
    except (KeyError, TypeError, ValueError):
        return False
