"""Closings that are purged together: claimed, held and let go as one, so that many cost few statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, select, update

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Lease, LeaseLost, is_due
from portal.erasure.models import Closing, State, Step

LARGEST = 500  # closings in one transaction
RENEW_EVERY = timedelta(seconds=1)


@dataclass(frozen=True)
class Crowd:
    """Closings of one scope at one step, under one lease."""

    lease: Lease
    closings: tuple[Closing, ...]

    @property
    def ids(self) -> list[UUID]:
        return [closing.id for closing in self.closings]

    @property
    def root(self) -> str:
        return self.closings[0].root

    @property
    def root_ids(self) -> list[UUID]:
        """The rows on the data map that go."""
        return [closing.root_id for closing in self.closings]

    @property
    def step(self) -> Step:
        return self.closings[0].step

    def halves(self) -> Iterator[Crowd]:
        """Two smaller crowds, to find the one that fails."""
        middle = len(self.closings) // 2
        yield Crowd(self.lease, self.closings[:middle])
        yield Crowd(self.lease, self.closings[middle:])

    def each(self) -> Iterator[Closing]:
        """One closing after the other; the lease is renewed on the way. Commits; raises LeaseLost."""
        renewed = clock.now()
        for closing in self.closings:
            if clock.now() - renewed > RENEW_EVERY:
                self.stay()
                renewed = clock.now()
            yield closing

    def stay(self) -> None:
        """Keep the lease; commits. Raises LeaseLost."""
        self.hold()
        db.session.commit()

    def hold(self, *, seconds: int = 0, **values: Any) -> None:
        """Keep the lease and write `values` to all; the caller commits. Raises LeaseLost."""
        until = clock.now() + timedelta(seconds=max(seconds, self.lease.seconds))
        self._update(leased_until=until, **values)

    def release(self, **values: Any) -> None:
        """End the lease in the transaction that holds the result; the caller commits. Raises LeaseLost."""
        self._update(leased_until=None, leased_by=None, **values)

    def _update(self, **values: Any) -> None:
        statement = update(Closing).where(Closing.id.in_(self.ids), Closing.leased_by == self.lease.token)
        options = {"synchronize_session": False}
        done = cast(CursorResult[Any], db.session.execute(statement.values(**values), execution_options=options))
        if done.rowcount != len(self.closings):
            db.session.rollback()
            raise LeaseLost

    def reloaded(self) -> Crowd:
        """The same closings as the database has them now."""
        return Crowd(self.lease, _load(self.ids))


def gather(lease: Lease) -> Crowd | None:
    """The leased closing with all others due at the same step; None when it was undone meanwhile."""
    first = _load([lease.id])[0]
    if first.leased_by != lease.token:
        return None
    now = clock.now()
    alike = select(Closing.id).where(
        is_due(Closing, now),
        Closing.scope == first.scope,
        Closing.state == first.state,
        Closing.step == first.step,
    )
    alike = alike.order_by(Closing.due_at).limit(LARGEST - 1).with_for_update(skip_locked=True)
    statement = (
        update(Closing)
        .where(Closing.id.in_(alike), is_due(Closing, now))
        .values(
            leased_until=now + timedelta(seconds=lease.seconds),
            leased_by=lease.token,
            attempts=Closing.attempts + 1,
        )
        .returning(Closing.id)
    )
    others = db.session.scalars(statement, execution_options={"synchronize_session": False}).all()
    db.session.commit()
    return Crowd(lease, _load([lease.id, *others]))


def _load(ids: list[UUID]) -> tuple[Closing, ...]:
    query = select(Closing).where(Closing.id.in_(ids)).order_by(Closing.id)
    found = tuple(db.session.scalars(query.execution_options(populate_existing=True)))
    for closing in found:  # as they were now: neither a rollback nor a statement changes them in our hands
        db.session.expunge(closing)
    db.session.commit()
    return found


def overdue(hours: float = 0) -> int:
    """How many closings should have been erased `hours` ago and are not."""
    before = clock.now() - timedelta(hours=hours)
    query = select(func.count()).select_from(Closing)
    unfinished = Closing.state.in_((State.PENDING, State.PURGING))
    return db.session.scalar(query.where(unfinished, Closing.erase_at <= before)) or 0
