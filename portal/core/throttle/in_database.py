"""Counts and delays in the database: one statement each, so that parallel tries of all processes are counted."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.database import UTCDateTime, db, reading, writing
from portal.core.throttle.models import ThrottleCount, ThrottleDelay
from portal.core.throttle.store import Begun
from portal.core.throttle.waits import ENOUGH, FORGOTTEN_AFTER, FREE_TRIES, LONGEST, wait_after

COUNTS = ThrottleCount.__table__.c
DELAYS = ThrottleDelay.__table__.c


class InDatabase:
    """The store that is always there."""

    def add(self, key: str, start: datetime, *, seconds: int) -> int:
        statement = _insert(ThrottleCount).values(key=key, window_start=start, count=1)
        statement = statement.on_conflict_do_update(
            index_elements=["key", "window_start"], set_={"count": COUNTS.count + 1}
        )
        with writing():
            counted: int = db.session.execute(statement.returning(COUNTS.count)).scalar_one()
            db.session.commit()
        return counted

    def begin(self, key: str, now: datetime) -> Begun:
        """A refused try writes nothing: whoever knocks all the time stops no writer."""
        tried_at, wait_until = _standing(key)
        if wait_until is None or tried_at is None or not _is_waiting(tried_at, wait_until, now):
            with writing():
                set_until = db.session.execute(_counting(key, now)).scalar_one_or_none()
                db.session.commit()
            if set_until is not None:
                return Begun(True, set_until, tried_at=now, before=tried_at or now)
            tried_at, wait_until = _standing(key)  # another try was counted in between
        return Begun(False, wait_until or now, tried_at=now, before=tried_at or now)

    def take_back(self, key: str, begun: Begun) -> None:
        is_mine = DELAYS.tried_at == begun.tried_at
        statement = update(ThrottleDelay).where(DELAYS.key == key, DELAYS.failures > 0)
        db.session.execute(
            statement.values(
                failures=DELAYS.failures - 1,
                tried_at=case((is_mine, _moment(begun.before)), else_=DELAYS.tried_at),
                wait_until=case((is_mine, _moment(begun.before)), else_=DELAYS.wait_until),
            )
        )

    def forget(self, key: str) -> None:
        db.session.execute(delete(ThrottleDelay).where(DELAYS.key == key))


def _standing(key: str) -> tuple[datetime | None, datetime | None]:
    with reading():
        found = db.session.execute(select(DELAYS.tried_at, DELAYS.wait_until).where(DELAYS.key == key)).one_or_none()
        db.session.commit()
    return (found[0], found[1]) if found else (None, None)


def _is_waiting(tried_at: datetime, wait_until: datetime, now: datetime) -> bool:
    """A free try set no wait (`tried_at` itself): parallel ones whose `now` is a moment earlier are free too."""
    return wait_until > now and wait_until > tried_at


def _counting(key: str, now: datetime) -> Any:
    """Count one more and set the wait it begins; no row comes back where the wait before it still runs."""
    is_forgotten = DELAYS.tried_at <= now - FORGOTTEN_AFTER
    waits = [(DELAYS.failures == n, _moment(now + wait_after(n + 1))) for n in range(FREE_TRIES, ENOUGH)]
    wait_until = case(
        (or_(is_forgotten, DELAYS.failures < FREE_TRIES), _moment(now)), *waits, else_=_moment(now + LONGEST)
    )
    statement = _insert(ThrottleDelay).values(key=key, failures=1, tried_at=now, wait_until=now)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((is_forgotten, 1), else_=DELAYS.failures + 1),
            "tried_at": now,
            "wait_until": wait_until,
        },
        where=or_(DELAYS.wait_until <= now, DELAYS.wait_until <= DELAYS.tried_at),
    ).returning(DELAYS.wait_until)


def _insert(model: Any) -> Any:
    return (postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert)(model)


def _moment(value: datetime) -> ColumnElement[datetime]:
    return literal(value, UTCDateTime())
