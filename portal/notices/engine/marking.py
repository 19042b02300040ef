"""What became of letters that were not simply accepted (that is acceptances.py), and of what a dead lane left."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Update, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from portal.core import clock
from portal.core.database import db
from portal.core.leases import default_backoff
from portal.notices.engine import pens
from portal.notices.engine.claiming import PUT_DOWN, UNSEEN, Held, held_by
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState

log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_ATTEMPTS = 12
PAUSE = 0.2
DATABASE_GONE = (OperationalError, InterfaceError, NoConnection)


def recover(lane_id: UUID) -> None:
    """Put back what a dead run of this lane still held. The first of them may have arrived: it is counted.

    Each acceptance is on its way into the database before the next letter leaves, in the order of ids; so only the
    first one without a mark is in doubt. Where the dead run's machine is lost with marks that were on their way, those
    in its window are in doubt as well: they may all be repeated, and all are counted. Commits.
    """
    left = held_by(lane_id)
    is_any = db.session.scalar(select(Delivery.id).where(*left).limit(1)) is not None
    db.session.commit()
    if not is_any:
        return
    in_doubt = 1 + (pens.WINDOW if pens.end_backend(lane_id) else 0)
    first = select(Delivery.id).where(*left).order_by(Delivery.id).limit(in_doubt)
    doubt = update(Delivery).where(Delivery.id.in_(first.scalar_subquery()))
    db.session.execute(doubt.values(interrupted=Delivery.interrupted + 1), execution_options=UNSEEN)
    db.session.execute(update(Delivery).where(*left).values(PUT_DOWN), execution_options=UNSEEN)
    db.session.commit()


def mark_refused(held: Held, code: int) -> NoticeState | None:
    """The server does not take it: failed for good after a 5xx or twelve attempts, else tried again later; commits.

    Returns how the notice stands; None when the row is not this lane's any more: erased, or taken over.
    """
    attempts = held.attempts + 1
    if code >= 500 or attempts >= MAX_ATTEMPTS:
        return _write(held, state=DeliveryState.FAILED, answer=code, attempts=attempts)
    retry_at = clock.now() + default_backoff(attempts)
    return _write(held, state=DeliveryState.QUEUED, answer=code, attempts=attempts, retry_at=retry_at)


def mark_doubtful(held: Held) -> NoticeState | None:
    """The answer never came: it goes out once more under the same Message-ID, and counts as a possible duplicate."""
    attempts, interrupted = held.attempts + 1, held.interrupted + 1
    retry_at = clock.now() + (default_backoff(attempts) if attempts > 1 else timedelta())
    state = DeliveryState.FAILED if attempts >= MAX_ATTEMPTS else DeliveryState.QUEUED
    values = {"state": state, "interrupted": interrupted, "attempts": attempts, "retry_at": retry_at}
    return patiently(lambda: _write(held, **values))


def patiently(act: Callable[[], T]) -> T:
    """Do what only this process knows of, as often as it takes while the database is gone."""
    while True:
        try:
            return act()
        except DATABASE_GONE as error:
            db.session.rollback()
            log.warning("notice.database-gone", error=type(error).__name__)
            time.sleep(PAUSE)  # noqa: TID251 – the database alone knows when it is back


def _write(held: Held, **values: Any) -> NoticeState | None:
    stands = select(Notice.state).where(Notice.id == held.notice_id).scalar_subquery()
    statement: Update = update(Delivery).where(Delivery.id == held.id, Delivery.lane_token == held.token)
    found = db.session.execute(
        statement.values(lane_token=None, **values).returning(stands), execution_options=UNSEEN
    ).scalar_one_or_none()
    db.session.commit()
    return found
