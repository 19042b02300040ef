"""A lane's hold on its deliveries: claimed in chunks, each marked by itself, put down again when the lane stops.

Whoever writes to a delivery names the token of its claim, so that a lane that was thought dead can neither mark nor
put down what another one sends by now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Update, func, literal, or_, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.core.leases import Lease, default_backoff
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState

CHUNK = 50
MAX_ATTEMPTS = 12
UNSEEN = {"synchronize_session": False}


@dataclass(frozen=True)
class Held:
    """One delivery in a lane's hands, with what the letter needs of its reader."""

    id: int
    notice_id: UUID
    token: str
    attempts: int
    interrupted: int
    address: str
    locale: str
    full_name: str


def recover(lane_id: UUID) -> None:
    """Put back what a dead run of this lane still held. The first of them may have arrived: it is counted.

    Each acceptance is committed before the next letter leaves, in the order of ids; so only the first one without
    a mark is in doubt.
    """
    left = [Delivery.lane_id == lane_id, Delivery.state == DeliveryState.SENDING]
    first = select(func.min(Delivery.id)).where(*left).scalar_subquery()
    doubt = update(Delivery).where(Delivery.id == first)
    db.session.execute(doubt.values(interrupted=Delivery.interrupted + 1), execution_options=UNSEEN)
    db.session.execute(update(Delivery).where(*left).values(_PUT_DOWN), execution_options=UNSEEN)


def claim(lease: Lease, notice_id: UUID) -> list[Held]:
    """The next chunk for this lane, in the order of ids; commits, and holds on to the lease.

    Raises LeaseLost.
    """
    due = or_(Delivery.retry_at.is_(None), Delivery.retry_at <= clock.now())
    waiting = (
        select(Delivery.id)
        .where(Delivery.notice_id == notice_id, Delivery.state == DeliveryState.QUEUED, due)
        .order_by(Delivery.id)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    taken = update(Delivery).where(Delivery.id.in_(select(waiting.c.id)))
    values = {"state": DeliveryState.SENDING, "lane_id": lease.id, "lane_token": lease.token}
    db.session.execute(taken.values(values), execution_options=UNSEEN)
    held = _held(lease)
    lease.renew()
    return held


def _held(lease: Lease) -> list[Held]:
    rows = db.session.execute(
        select(
            Delivery.id,
            Delivery.notice_id,
            literal(lease.token),
            Delivery.attempts,
            Delivery.interrupted,
            User.email,
            User.locale,
            User.full_name,
        )
        .join(User, Delivery.user_id == User.id)
        .where(
            Delivery.lane_id == lease.id,
            Delivery.state == DeliveryState.SENDING,
            Delivery.lane_token == lease.token,
        )
        .order_by(Delivery.id)
    )
    return [Held(*row) for row in rows]


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


def put_down(lease: Lease) -> None:
    """The lane stops knowing every answer: nothing it still holds has left. Commits."""
    mine = [
        Delivery.lane_id == lease.id,
        Delivery.lane_token == lease.token,
        Delivery.state == DeliveryState.SENDING,
    ]
    db.session.execute(update(Delivery).where(*mine).values(_PUT_DOWN), execution_options=UNSEEN)
    db.session.commit()


def cancel_queued(notice_id: UUID) -> None:
    """Nothing that waits is sent any more."""
    waiting = [Delivery.notice_id == notice_id, Delivery.state == DeliveryState.QUEUED]
    db.session.execute(update(Delivery).where(*waiting).values(state=DeliveryState.CANCELLED), execution_options=UNSEEN)


def next_due(notice_id: UUID) -> datetime | None:
    """When the next waiting delivery may be tried; None when none waits."""
    soonest = func.min(func.coalesce(Delivery.retry_at, Delivery.queued_at))
    waiting = [Delivery.notice_id == notice_id, Delivery.state == DeliveryState.QUEUED]
    found: datetime | None = db.session.scalar(select(soonest).where(*waiting))
    return found


def is_any_under_way(notice_id: UUID) -> bool:
    """Whether some lane holds deliveries of this notice."""
    held = [Delivery.notice_id == notice_id, Delivery.state == DeliveryState.SENDING]
    return db.session.scalar(select(Delivery.id).where(*held).limit(1)) is not None


_PUT_DOWN: dict[str, Any] = {"state": DeliveryState.QUEUED, "lane_token": None}
