"""Periodic work: purge what is due, drop what is too old, compact PostgreSQL off-peak."""

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import CursorResult, func, select

from portal.core import clock
from portal.core.database import db
from portal.erasure import residue
from portal.erasure.crowd import overdue
from portal.erasure.models import Closing, State
from portal.erasure.rehearsal import datamap
from portal.work import runner


def sweep() -> Counter[str]:
    """Purge all that is due now, and drop all rows whose stated time is over; commits.

    Counts closings: due, purged, waiting (for a letter or a reader), failed; and rows aged out.
    """
    due, before = overdue(), _purged()
    db.session.commit()
    runner.run("closing")
    aged = drop_outdated()
    purged = _purged() - before
    failed = _failing()
    db.session.commit()
    waiting = max(0, due - purged - failed)
    return Counter({"due": due, "purged": purged, "waiting": waiting, "failed": failed, "aged": aged})


def drop_outdated() -> int:
    """Rows whose time is over (clause 3.3), by the data map; commits after each table. How many went."""
    dropped = 0
    for statement in datamap().outdated(clock.now()):
        done = cast(CursorResult[Any], db.session.execute(statement, execution_options={"synchronize_session": False}))
        db.session.commit()
        dropped += done.rowcount
    return dropped


def _purged() -> int:
    return db.session.scalar(select(func.count()).select_from(Closing).where(Closing.state == State.PURGED)) or 0


def _failing() -> int:
    query = select(func.count()).select_from(Closing)
    return db.session.scalar(query.where(Closing.state == State.PURGING, Closing.failure.is_not(None))) or 0


SCHEDULE: dict[str, tuple[str, Callable[[], object]]] = {
    "retention": ("*/5", sweep),
    "compact": ("17", residue.weekly),
}
