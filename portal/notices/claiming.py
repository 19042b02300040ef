"""What a lane takes into its hands: chunks of deliveries that may be sent now, put down again when the lane stops.

Whoever writes to a delivery names the token of its claim, so that a lane that was thought dead can neither mark nor
put down what another one sends by now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, or_, select, update

from portal.accounts.models import Customer, User
from portal.consents import standing
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.core.leases import Lease
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind

CHUNK = 50
UNSEEN = {"synchronize_session": False}
PUT_DOWN: dict[str, Any] = {"state": DeliveryState.QUEUED, "lane_token": None}


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
    company_name: str
    user_id: UUID
    concerns: int
    purpose: ConsentPurpose | None


def claim(lease: Lease, notice: Notice | UUID) -> list[Held]:
    """The next chunk for this lane, in the order of ids; commits, and holds on to the lease.

    Raises LeaseLost.
    """
    notice_id = notice.id if isinstance(notice, Notice) else notice
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
            Customer.company_name,
            User.id,
            Delivery.concerns,
            Notice.purpose,
        )
        .join(Notice, Delivery.notice_id == Notice.id)
        .join(User, Delivery.user_id == User.id)
        .join(Customer, User.customer_id == Customer.id)
        .where(
            Delivery.lane_id == lease.id,
            Delivery.state == DeliveryState.SENDING,
            Delivery.lane_token == lease.token,
        )
        .order_by(Delivery.id)
    )
    return [Held(*row) for row in rows]


def still_mine(held: Sequence[Held]) -> set[int]:
    """Which of these this lane may still send: neither withdrawn, nor erased, nor taken over. Reads; commits."""
    if not held:
        return set()
    mine = [
        Delivery.id.in_([one.id for one in held]),
        Delivery.state == DeliveryState.SENDING,
        Delivery.lane_token == held[0].token,
    ]
    if held[0].purpose is not None:
        mine.append(standing.has_consented(Delivery.user_id, held[0].purpose))
    found = set(db.session.scalars(select(Delivery.id).where(*mine)))
    db.session.commit()
    return found


def withdraw(user: User, purpose: ConsentPurpose) -> None:
    """Who withdraws a consent gets no letter of that kind any more, not even what a lane has in its hands.

    The token stays, so that a letter whose answer is on its way just now is still marked as what it is: sent.
    """
    campaigns = select(Notice.id).where(Notice.kind == NoticeKind.CAMPAIGN, Notice.purpose == purpose)
    theirs = [
        Delivery.user_id == user.id,
        Delivery.notice_id.in_(campaigns),
        Delivery.state.in_([DeliveryState.QUEUED, DeliveryState.SENDING]),
    ]
    db.session.execute(update(Delivery).where(*theirs).values(state=DeliveryState.CANCELLED), execution_options=UNSEEN)


def put_down(lease: Lease) -> None:
    """The lane stops knowing every answer: nothing it still holds has left. Commits."""
    mine = [
        Delivery.lane_id == lease.id,
        Delivery.lane_token == lease.token,
        Delivery.state == DeliveryState.SENDING,
    ]
    db.session.execute(update(Delivery).where(*mine).values(PUT_DOWN), execution_options=UNSEEN)
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
