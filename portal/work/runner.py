"""Working through what is due: one row after another, each in a transaction of its own."""

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, func, select

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Duty, Lease, LeaseLost, TryLater, claim, is_due, put_back

log = structlog.get_logger(__name__)

WAIT_FOR_LEASE = timedelta(seconds=30)
WAIT_FOR_RETRY = timedelta(minutes=15)
PAUSE = 0.2


def duties() -> dict[str, Duty]:
    """Every duty by the name of its table, as app.py handed them down."""
    known: dict[str, Duty] = current_app.extensions["duties"]
    return known


def is_held_back() -> bool:
    """Whether work must wait for something that an administrator has to do first (app.py hands down what)."""
    held_back: bool = current_app.extensions["held_back"]()
    return held_back


def run(name: str, *, only: ColumnElement[bool] | None = None) -> Counter[str]:
    """Work on all rows of one duty that are due now, or on those that `only` says; counts done, put-back and lost.

    While work is held back nothing is done but what `only` names.
    """
    duty, counts = duties()[name], Counter[str]()
    if only is None and is_held_back():
        log.warning("work.held-back", duty=name)
        return counts
    with duty.around() as resource:
        while (lease := claim(duty, only=only)) is not None:
            outcome = _perform(duty, lease, resource)
            counts[outcome] += 1
            if outcome == "later":
                break
    return counts


def _perform(duty: Duty, lease: Lease, resource: Any) -> str:
    try:
        duty.perform(lease, resource)
        db.session.commit()
    except LeaseLost:
        db.session.rollback()
        return "lost"
    except Exception as error:  # noqa: BLE001 – a task's edge: whatever failed, the row must say so and be tried again
        db.session.rollback()
        log.warning("duty.failed", duty=duty.name, row=str(lease.id), error=type(error.__cause__ or error).__name__)
        put_back(duty, lease, error)
        return "later" if isinstance(error, TryLater) else "failed"
    return "done"


def sweep() -> list[str]:
    """Ring again for every duty with rows left over; returns the names rung."""
    left = [name for name, duty in duties().items() if _is_any_due(duty)]
    db.session.commit()
    for name in left:
        current_app.extensions["ring"](name)
    return left


def _is_any_due(duty: Duty) -> bool:
    query = select(duty.model.id).where(is_due(duty.model, clock.now())).limit(1)
    return db.session.execute(query).first() is not None


def run_until_empty() -> Counter[str]:
    """Work until nothing is due, waiting for others' leases (30 s each) and retries within 15 minutes."""
    counts: Counter[str] = Counter()
    leases_end = clock.now() + WAIT_FOR_LEASE
    while True:
        worked: Counter[str] = sum((run(name) for name in duties()), Counter())
        counts += worked
        if worked:
            leases_end = clock.now() + WAIT_FOR_LEASE
            continue
        due = _next_due()
        if due is None or due > clock.now() + WAIT_FOR_RETRY or (due <= clock.now() and clock.now() > leases_end):
            return counts
        time.sleep(PAUSE)  # noqa: TID251 – other processes hold what we wait for


def _next_due() -> datetime | None:
    nexts = [db.session.scalar(select(func.min(duty.model.due_at))) for duty in duties().values()]
    db.session.commit()
    return min((moment for moment in nexts if moment), default=None)
