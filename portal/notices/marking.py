"""What became of each letter: every acceptance is durable before the next letter leaves."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Update, func, select, update

from portal.core import clock
from portal.core.database import db
from portal.core.leases import default_backoff
from portal.notices.claiming import PUT_DOWN, UNSEEN, Held
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState

MAX_ATTEMPTS = 12


def recover(lane_id: UUID) -> None:
    """Put back what a dead run of this lane still held. The first of them may have arrived: it is counted.

    Each acceptance is committed before the next letter leaves, in the order of ids; so only the first one without
    a mark is in doubt.
    """
    left = [Delivery.lane_id == lane_id, Delivery.state == DeliveryState.SENDING]
    first = select(func.min(Delivery.id)).where(*left).scalar_subquery()
    doubt = update(Delivery).where(Delivery.id == first)
    db.session.execute(doubt.values(interrupted=Delivery.interrupted + 1), execution_options=UNSEEN)
    db.session.execute(update(Delivery).where(*left).values(PUT_DOWN), execution_options=UNSEEN)


def mark_accepted(held: Held) -> NoticeState | None:
    """The server has it. Committed before the next letter leaves; returns how the notice stands now.

    None when the row is not this lane's any more: erased, or taken over.
    """
    is_repeat = held.interrupted > 0
    state = DeliveryState.POSSIBLE_DUPLICATE if is_repeat else DeliveryState.SENT
    return _write(held, state=state, sent_at=clock.now(), answer=None)


def mark_refused(held: Held, code: int) -> NoticeState | None:
    """The server does not take it: failed for good after a 5xx or twelve attempts, else tried again later; commits."""
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
    return _write(held, state=state, interrupted=interrupted, attempts=attempts, retry_at=retry_at)


def _write(held: Held, **values: Any) -> NoticeState | None:
    stands = select(Notice.state).where(Notice.id == held.notice_id).scalar_subquery()
    statement: Update = update(Delivery).where(Delivery.id == held.id, Delivery.lane_token == held.token)
    found = db.session.execute(
        statement.values(lane_token=None, **values).returning(stands), execution_options=UNSEEN
    ).scalar_one_or_none()
    db.session.commit()
    return found
