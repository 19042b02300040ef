"""What a lane takes into its hands: chunks of deliveries that may be sent now, put down again when the lane stops.

Whoever writes to a delivery names the token of its claim, so that a lane that was thought dead can neither mark nor
put down what another one sends by now.

Advertising is taken together with its reader's row (both rows, or neither): whoever else would send the same person
advertising just now, by whatever notice, lane or machine, passes them over and comes back. So nobody counts a
person's letters of the day while somebody else adds to them, and nobody waits for anybody, so nobody waits for ever.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, func, not_, or_, select, update

from portal.accounts.models import Customer, User
from portal.consents import standing
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db, reading
from portal.core.leases import Lease
from portal.notices.engine import canary, holding, pace, quota
from portal.notices.models import NOT_SENT, Delivery, DeliveryState, Lane, Notice, NoticeKind, NoticeState
from portal.notices.returns.suppression import suppressed

SMALLEST, LARGEST = 50, 500
"""Letters in a chunk. A quick lane takes more at a time, so that taking costs nothing beside sending; a slow one takes
few, so that the last ones are shared out."""

QUICK = timedelta(milliseconds=250)
UNSEEN = {"synchronize_session": False}
PUT_DOWN: dict[str, Any] = {"state": DeliveryState.QUEUED, "lane_token": None}
AT_ONCE = 5_000
"""Deliveries that one statement cancels: others who write wait no longer than for these."""

_Aside = dict[str, Any]
_last: WeakKeyDictionary[Lease, tuple[datetime, int]] = WeakKeyDictionary()


class Held(NamedTuple):
    """One delivery in a lane's hands, with what the letter needs of its reader."""

    notice_id: UUID
    token: str
    purpose: ConsentPurpose | None
    id: int
    attempts: int
    interrupted: int
    address: str
    locale: str
    full_name: str
    company_name: str
    user_id: UUID
    concerns: int


def claim(lease: Lease, notice: Notice | UUID) -> list[Held]:
    """The next chunk for this lane, in the order of ids; none when nothing may be sent now. Commits, keeps the lease.

    Raises LeaseLost.
    """
    notice_id = notice.id if isinstance(notice, Notice) else notice
    held: list[Held] = []
    while not held and (waiting := _look_for(lease, notice_id)):
        held = _take(lease, waiting)
        lease.renew()
    if not held:
        lease.renew()
    return held


def _look_for(lease: Lease, notice_id: UUID) -> list[Held]:
    """What waits and fits into the budgets; nobody else can take it until this transaction ends."""
    notice = db.session.get_one(Notice, notice_id, populate_existing=True)
    if notice.state == NoticeState.CANARY or pace.is_set(notice):
        db.session.refresh(notice, with_for_update=True)
    if notice.state == NoticeState.CANARY:
        canary.end_trial(notice)
    if notice.state not in holding.RUNNING:
        return []
    is_canary = notice.state == NoticeState.CANARY
    most = pace.room(notice, canary.room(lease, notice) if is_canary else _chunk(lease))
    waiting = _waiting(lease, notice, most, is_canary) if most else []
    if is_canary and most and not waiting:
        canary.await_reports(notice)
    return waiting


def _chunk(lease: Lease) -> int:
    now = clock.now()
    since, size = _last.get(lease, (now - QUICK, SMALLEST))
    if now - since < QUICK:
        size = min(2 * size, LARGEST)
    elif now - since > 2 * QUICK:
        size = max(size // 2, SMALLEST)
    _last[lease] = (now, size)
    return size


def _waiting(lease: Lease, notice: Notice, most: int, is_canary: bool) -> list[Held]:
    """First those that were to be tried again by now, then those that were never tried; on trial these alone."""
    candidates = _candidates(notice)
    again = candidates.where(Delivery.retry_at <= clock.now()).order_by(Delivery.retry_at, Delivery.id).limit(most)
    found = [] if is_canary else list(db.session.execute(again))
    if len(found) < most:  # by retry_at too, though they have none: the index of what waits gives no other order
        fresh = candidates.where(Delivery.retry_at.is_(None)).order_by(Delivery.retry_at, Delivery.id)
        found += db.session.execute(fresh.limit(most - len(found)))
    same = (notice.id, lease.token, notice.purpose)
    return [Held(*same, *row) for row in sorted(found, key=lambda row: row.id)]


def _candidates(notice: Notice) -> Select[*tuple[Any, ...]]:
    is_campaign = notice.kind == NoticeKind.CAMPAIGN
    return (
        select(
            Delivery.id,
            Delivery.attempts,
            Delivery.interrupted,
            User.email,
            User.locale,
            User.full_name,
            func.coalesce(func.nullif(Customer.company_name, ""), User.full_name),  # who has no company has a name
            User.id,
            Delivery.concerns,
        )
        .join(User, Delivery.user_id == User.id)
        .join(Customer, User.customer_id == Customer.id)
        .where(Delivery.notice_id == notice.id, NOT_SENT, Delivery.state == DeliveryState.QUEUED)
        .with_for_update(of=[Delivery, User] if is_campaign else Delivery, key_share=True, skip_locked=True)
    )


def _take(lease: Lease, waiting: list[Held]) -> list[Held]:
    notice = db.session.get_one(Notice, waiting[0].notice_id)
    aside = _set_aside(notice, waiting)
    go = [held for held in waiting if held.id not in aside]
    if pace.is_set(notice):
        later = pace.spend(notice, [(held.id, held.address) for held in go])
        aside |= {one: {"retry_at": until} for one, until in later.items()}
        go = [held for held in go if held.id not in later]
    _write({held.id: _taken_by(lease) for held in go} | aside)
    return go


def _taken_by(lease: Lease) -> _Aside:
    return {"state": DeliveryState.SENDING, "lane_id": lease.id, "lane_token": lease.token}


def _set_aside(notice: Notice, waiting: list[Held]) -> dict[int, _Aside]:
    """Those that must not leave now or ever, with what becomes of them."""
    unreachable = suppressed(held.address for held in waiting)
    aside: dict[int, _Aside] = {}
    if notice.kind == NoticeKind.CAMPAIGN:
        people = [held.user_id for held in waiting]
        wanting, had_enough = _who_wants(notice.purpose, people), quota.exhausted(people, besides=notice.id)
        tomorrow = quota.next_day()
        aside |= {held.id: {"retry_at": tomorrow} for held in waiting if held.user_id in had_enough}
        aside |= {held.id: {"state": DeliveryState.CANCELLED} for held in waiting if held.user_id not in wanting}
    return aside | {held.id: {"state": DeliveryState.SUPPRESSED} for held in waiting if held.address in unreachable}


def _who_wants(purpose: ConsentPurpose | None, people: Iterable[UUID]) -> set[UUID]:
    wanting = select(User.id).join(Customer, User.customer_id == Customer.id)
    return set(db.session.scalars(wanting.where(User.id.in_(people), *_wants(purpose))))


def _wants(purpose: ConsentPurpose | None) -> list[ColumnElement[bool]]:
    """SQL: consents to advertising of this kind now, and is not leaving."""
    is_leaving = or_(User.closing_since.is_not(None), Customer.closing_since.is_not(None))
    return [standing.has_consented(User.id, purpose), not_(is_leaving)]


def _write(fates: dict[int, _Aside]) -> None:
    by_fate: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for one, values in fates.items():
        by_fate.setdefault(tuple(values.items()), []).append(one)
    for fate, ids in by_fate.items():
        theirs = update(Delivery).where(_among(ids))
        db.session.execute(theirs.values(dict(fate)), execution_options=UNSEEN)


def _among(ids: list[int]) -> ColumnElement[bool]:
    """Most chunks are without a gap: one range is said and understood quicker than five hundred numbers."""
    if ids[-1] - ids[0] == len(ids) - 1:
        return Delivery.id.between(ids[0], ids[-1])
    return Delivery.id.in_(ids)


def still_mine(held: Sequence[Held]) -> set[int]:
    """Which of these this lane may still send: neither withdrawn, nor erased, nor taken over. Reads only; commits."""
    if not held:
        return set()
    mine = select(Delivery.id).where(
        Delivery.id.in_([one.id for one in held]),
        Delivery.state == DeliveryState.SENDING,
        Delivery.lane_token == held[0].token,
    )
    if held[0].purpose is not None:
        mine = mine.join(User, Delivery.user_id == User.id).join(Customer, User.customer_id == Customer.id)
        mine = mine.where(*_wants(held[0].purpose))
    with reading():
        found = set(db.session.scalars(mine))
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


def held_by(lane_id: UUID) -> list[ColumnElement[bool]]:
    """SQL: the deliveries in a lane's hands."""
    its_notice = select(Lane.notice_id).where(Lane.id == lane_id).scalar_subquery()
    return [
        Delivery.notice_id == its_notice,
        NOT_SENT,
        Delivery.state == DeliveryState.SENDING,
        Delivery.lane_id == lane_id,
    ]


def put_down(lease: Lease) -> None:
    """The lane stops knowing every answer: nothing it still holds has left. Commits."""
    mine = [*held_by(lease.id), Delivery.lane_token == lease.token]
    db.session.execute(update(Delivery).where(*mine).values(PUT_DOWN), execution_options=UNSEEN)
    db.session.commit()


def cancel_some(notice_id: UUID) -> bool:
    """Cancel some of what waits; whether more may. The caller commits."""
    some = (
        select(Delivery.id)
        .where(Delivery.notice_id == notice_id, NOT_SENT, Delivery.state == DeliveryState.QUEUED)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    cancelled = update(Delivery).where(Delivery.id.in_(select(some.c.id))).values(state=DeliveryState.CANCELLED)
    return len(db.session.scalars(cancelled.returning(Delivery.id), execution_options=UNSEEN).all()) == AT_ONCE


def cancel_queued(notice_id: UUID) -> None:
    """Nothing that waits is sent any more. Commits on the way where there is much."""
    while cancel_some(notice_id):
        db.session.commit()


def next_due(notice_id: UUID) -> datetime | None:
    """When the next waiting delivery may be tried, by its own time and by the notice's; None when none waits."""
    notice = db.session.get_one(Notice, notice_id)
    if notice.state == NoticeState.CANARY:
        begins = pace.next_minute() if pace.is_set(notice) else clock.now() + canary.WAIT
        return notice.canary_ends_at or begins
    soonest = _soonest(notice_id)
    if soonest is not None and pace.is_set(notice) and not pace.room(notice, 1):
        return max(soonest, pace.next_minute())
    return soonest


def _soonest(notice_id: UUID) -> datetime | None:
    waiting = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state == DeliveryState.QUEUED]
    fresh = select(Delivery.id).where(*waiting, Delivery.retry_at.is_(None)).limit(1)
    if db.session.scalar(fresh) is not None:
        return clock.now()
    found: datetime | None = db.session.scalar(select(func.min(Delivery.retry_at)).where(*waiting))
    return found


def is_any_left(notice_id: UUID) -> bool:
    """Whether some delivery of this notice waits or is in a lane's hands; asked in one statement, since between two
    a refused letter may go from the one to the other."""
    states = [DeliveryState.QUEUED, DeliveryState.SENDING]
    left = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state.in_(states)]
    return db.session.scalar(select(Delivery.id).where(*left).limit(1)) is not None
