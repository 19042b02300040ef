"""Writing to the chain and checking it. Entries are chained as the transaction commits, one writer at a time."""

import hashlib
import json
from typing import Any
from uuid import UUID

from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from portal.audit.models import AuditEntry
from portal.core import clock, hashes
from portal.core.database import db

START = "0" * 64
LOCK = 7_260_001


def record(
    act: str,
    *,
    subject: Any = None,
    actor_id: UUID | None = None,
    customer_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    """Note an act in this transaction. `reason` enters the chain as a keyed digest only."""
    entry = AuditEntry(
        at=clock.now(),
        act=act,
        actor_id=actor_id,
        subject_kind=subject.__tablename__ if subject is not None else None,
        subject_id=subject.id if subject is not None else None,
        customer_id=customer_id,
        reason_digest=hashes.keyed("audit-reason", reason) if reason else None,
    )
    if not db.session().in_transaction():
        db.session.begin()  # without one a rollback would have nothing to undo, and this act would stay noted
    db.session.info.setdefault("audit", []).append(entry)


def connect() -> None:
    """Chain what was recorded whenever a session commits."""
    if not event.contains(Session, "before_commit", _chain):
        event.listen(Session, "before_commit", _chain)
        event.listen(Session, "after_rollback", _drop)


def _chain(session: Session) -> None:
    entries = session.info.pop("audit", [])
    if not entries:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.digest).order_by(AuditEntry.seq.desc()).limit(1)
    ).one_or_none()
    seq, previous = last or (0, START)
    for entry in entries:
        seq += 1
        entry.seq, entry.previous = seq, previous
        entry.digest = previous = _digest(entry)
    session.add_all(entries)


def _drop(session: Session) -> None:
    session.info.pop("audit", None)


def _digest(entry: AuditEntry) -> str:
    ids = (entry.actor_id, entry.subject_id, entry.customer_id)
    facts = [
        entry.seq,
        entry.at.isoformat(),
        entry.act,
        *[str(i) if i else None for i in ids],
        entry.subject_kind,
        entry.reason_digest,
        entry.previous,
    ]
    return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()


def first_break() -> int | None:
    """The number of the first entry that does not fit the chain, or None when all hold."""
    expected, previous = 1, START
    in_order = select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=1000)
    with db.session.scalars(in_order) as entries:
        for entry in entries:
            if entry.seq != expected or entry.previous != previous or entry.digest != _digest(entry):
                return expected
            expected, previous = expected + 1, entry.digest
    return None


def length() -> int:
    """How many entries the chain has."""
    return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0
