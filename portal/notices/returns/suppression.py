"""Addresses that take no letters: known by a keyed hash alone, until they are proven again (DECISIONS 13, 14)."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.service import email_key
from portal.core import clock, hashes
from portal.core.database import db
from portal.notices.models import Suppression, SuppressionReason


def address_hash(address: str) -> str:
    """What is kept of an address: nobody without HASH_KEY can tell, or test, whose it was."""
    return hashes.keyed("suppression", email_key(address))


def suppressed(addresses: Iterable[str]) -> set[str]:
    """Those of `addresses` to which no notice is sent, as they were given; one statement."""
    by_hash: dict[str, list[str]] = {}
    for address in addresses:
        by_hash.setdefault(address_hash(address), []).append(address)
    found = db.session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(by_hash)))
    return {address for known in found for address in by_hash[known]}


def suppress(address: str, reason: SuppressionReason, status: str) -> None:
    """Send no notice to `address` from now on; `status` is the code of RFC 3463 that was given."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    values = {"reason": reason, "status": status, "since": clock.now()}
    row = insert(Suppression).values(address_hash=address_hash(address), **values)
    db.session.execute(row.on_conflict_do_update(index_elements=["address_hash"], set_=values))


def lift(address: str) -> bool:
    """Letters may go to `address` again; whether it was suppressed."""
    known = delete(Suppression).where(Suppression.address_hash == address_hash(address))
    return db.session.scalar(known.returning(Suppression.address_hash)) is not None
