"""Leased rows: whatever promises work is a row that carries its own due time, lease and attempts (DECISIONS 23).

A worker claims due rows with one UPDATE … RETURNING, renews while it works, and gives its result in the same
transaction that ends the lease. When the worker dies the lease runs out and another one claims the row again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.database import db
from portal.core.datamap import technical


class Leased:
    """Mixin of a row that promises work. `due_at` empty: nothing to do."""

    id: Mapped[UUID]
    due_at: Mapped[datetime | None] = technical(default=None, index=True)
    leased_until: Mapped[datetime | None] = technical(default=None)
    leased_by: Mapped[str | None] = technical(default=None)
    attempts: Mapped[int] = technical(default=0)
    dead_at: Mapped[datetime | None] = technical(default=None)
    failure: Mapped[str | None] = technical(default=None)

    def promise(self, *, at: datetime | None = None) -> None:
        """This row has work to be done, now or `at` a time."""
        self.due_at = at or clock.now()
        self.attempts, self.dead_at, self.failure = 0, None, None

    def withdraw_promise(self) -> None:
        """Nothing is left to do; a worker that still holds the lease finds it lost."""
        self.due_at = self.leased_until = self.leased_by = None


class LeaseLost(Exception):
    """Another worker holds the row now, or its work was withdrawn: stop without a trace."""


class TryLater(Exception):
    """The work cannot be done now through no fault of the row (a server is down): back off, and stop this run."""


class Hopeless(Exception):
    """Trying again would not help: the row is dead at once, for personnel to see."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one row, until `seconds` after the last renewal."""

    model: type[Any]
    id: UUID
    token: str
    seconds: int

    def renew(self, **progress: Any) -> None:
        """Hold on for another `seconds`, writing `progress` columns on the way; commits.

        Raises LeaseLost.
        """
        until = clock.now() + timedelta(seconds=self.seconds)
        self._update(leased_until=until, **progress)
        db.session.commit()

    def complete(self, *, again_at: datetime | None = None, **result: Any) -> None:
        """End the lease in the transaction that holds the result; the caller commits.

        Raises LeaseLost.
        """
        self._update(due_at=again_at, leased_until=None, leased_by=None, attempts=0, failure=None, **result)

    def _update(self, **values: Any) -> None:
        statement = update(self.model).where(self.model.id == self.id, self.model.leased_by == self.token)
        options = {"synchronize_session": False}
        changed = cast(CursorResult[Any], db.session.execute(statement.values(**values), execution_options=options))
        if changed.rowcount != 1:
            db.session.rollback()
            raise LeaseLost


def default_backoff(attempts: int) -> timedelta:
    """Half a minute, doubled with each attempt, at most half an hour."""
    return timedelta(seconds=min(30 * 2 ** (attempts - 1), 1800))


def nothing(row_id: UUID) -> None:
    """No last words for a dead row."""


@dataclass(frozen=True)
class Duty:
    """How rows of one model are worked on. `perform(lease, resource)` gets what `around()` opened for the run.

    One worker process works on `at_once` rows side by side at most, where that is set: long work leaves it the threads
    that short work needs.
    """

    model: type[Any]
    perform: Callable[[Lease, Any], None]
    around: Callable[[], AbstractContextManager[Any]] = field(default=nullcontext)
    lease_seconds: int = 60
    max_attempts: int = 12
    backoff: Callable[[int], timedelta] = default_backoff
    on_dead: Callable[[UUID], None] = nothing
    at_once: int | None = None

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)


def is_due(model: type[Any], now: datetime) -> ColumnElement[bool]:
    """Work is due and nobody who is alive holds it."""
    return and_(model.due_at <= now, or_(model.leased_until.is_(None), model.leased_until < now))


def claim(duty: Duty, *, only: ColumnElement[bool] | None = None) -> Lease | None:
    """Claim the row that has waited longest, of all or of those that `only` says; commits."""
    model, now, token = duty.model, clock.now(), uuid4().hex
    waiting = select(model.id).where(is_due(model, now)).order_by(model.due_at).limit(1)
    waiting = waiting if only is None else waiting.where(only)
    statement = (
        update(model)
        .where(model.id == waiting.with_for_update(skip_locked=True).scalar_subquery(), is_due(model, now))
        .values(leased_until=now + timedelta(seconds=duty.lease_seconds), leased_by=token, attempts=model.attempts + 1)
        .returning(model.id)
    )
    claimed = db.session.execute(statement, execution_options={"synchronize_session": False}).scalar()
    db.session.commit()
    return None if claimed is None else Lease(model, claimed, token, duty.lease_seconds)


def put_back(duty: Duty, lease: Lease, error: Exception) -> None:
    """After a failure: due again later, or dead after too many tries; commits. Keeps the error's class name only."""
    model, now = duty.model, clock.now()
    attempts = db.session.execute(
        select(model.attempts).where(model.id == lease.id, model.leased_by == lease.token)
    ).scalar()
    if attempts is None:
        return
    is_dead = isinstance(error, Hopeless) or attempts >= duty.max_attempts
    db.session.execute(
        update(model)
        .where(model.id == lease.id, model.leased_by == lease.token)
        .values(
            leased_until=None,
            leased_by=None,
            failure=type(error.__cause__ or error).__name__,
            due_at=None if is_dead else now + duty.backoff(attempts),
            dead_at=now if is_dead else None,
        )
    )
    if is_dead:
        duty.on_dead(lease.id)
    db.session.commit()
