"""How a sending goes: counts read off the deliveries, the pace, and when it will be over.

All of it stays cheap at a million deliveries: they are counted by the notice, those not sent by their own index,
possible duplicates by the one of those that were interrupted, and the rate is read off the letters before what waits.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, literal_column, select

from portal.core import clock
from portal.core.database import db
from portal.notices.models import NOT_SENT, Delivery, DeliveryState, Notice, NoticeKind, NoticeState

PAGE = 25
UNDER_WAY = (NoticeState.SENDING, NoticeState.CANARY)
RATE_FROM = 1_000
IN_HAND = 8_000
"""The rate is read off the newest letters accepted: of so many before what waits, those that lanes may hold among
them, and none older than a minute."""

MINUTE = timedelta(minutes=1)
POLL_MILLISECONDS = 1_000
RECIPIENTS_PER_MILLISECOND = 200


@dataclass(frozen=True)
class Counts:
    """Recipients by what became of them. The possible duplicates are among the sent."""

    recipients: int
    queued: int
    sent: int
    bounced: int
    failed: int
    suppressed: int
    cancelled: int
    possible_duplicates: int

    @property
    def done(self) -> int:
        """Those who need nothing more."""
        return self.recipients - self.queued


def counts(notice_ids: list[UUID]) -> dict[UUID, Counts]:
    """The counts of several notices in three statements; the sent ones are what is left of all."""
    numbers: dict[UUID, Counter[str]] = {notice_id: Counter() for notice_id in notice_ids}
    theirs = Delivery.notice_id.in_(notice_ids)
    in_all = select(Delivery.notice_id, func.count()).where(theirs).group_by(Delivery.notice_id)
    for notice_id, number in db.session.execute(in_all):
        numbers[notice_id][DeliveryState.SENT] = number
    not_sent = select(Delivery.notice_id, Delivery.state, func.count()).where(theirs, NOT_SENT)
    for notice_id, state, number in db.session.execute(not_sent.group_by(Delivery.notice_id, Delivery.state)):
        numbers[notice_id][state] += number
        numbers[notice_id][DeliveryState.SENT] -= number
    interrupted = (
        select(Delivery.notice_id, func.sum(Delivery.interrupted))
        .where(theirs, Delivery.interrupted > literal_column("0"))
        .group_by(Delivery.notice_id)
    )
    for notice_id, times in db.session.execute(interrupted):
        numbers[notice_id]["interrupted"] = times
    return {notice_id: _counted(found) for notice_id, found in numbers.items()}


def _counted(found: Counter[str]) -> Counts:
    states = DeliveryState
    return Counts(
        recipients=sum(found[state] for state in states),
        queued=found[states.QUEUED] + found[states.SENDING],
        sent=found[states.SENT] + found[states.POSSIBLE_DUPLICATE],
        bounced=found[states.BOUNCED],
        failed=found[states.FAILED],
        suppressed=found[states.SUPPRESSED],
        cancelled=found[states.CANCELLED],
        possible_duplicates=found["interrupted"],
    )


def all_notices() -> list[Notice]:
    """Every notice that was submitted, the newest first."""
    wanted = select(Notice).where(Notice.state != NoticeState.DRAFT)
    return list(db.session.scalars(wanted.order_by(Notice.created_at.desc(), Notice.id.desc())))


def listed(kinds: Sequence[NoticeKind], *, before: UUID | None = None) -> tuple[list[Notice], bool]:
    """A page of notices of these kinds, drafts too, the newest first; and whether there are older ones."""
    wanted = select(Notice).where(Notice.kind.in_(kinds)).order_by(Notice.id.desc()).limit(PAGE + 1)
    if before is not None:
        wanted = wanted.where(Notice.id < before)
    found = list(db.session.scalars(wanted))
    return found[:PAGE], len(found) > PAGE


def per_minute(notice: Notice) -> int:
    """Letters accepted in the last minute; from the time of the newest thousand where there were more."""
    if notice.state not in UNDER_WAY:
        return 0
    now = clock.now()
    number, first = _newest(notice.id, after=now - MINUTE)
    began = max(notice.started_at or now, now - MINUTE)
    since = first if first and number > RATE_FROM else began
    seconds = max((now - since).total_seconds(), 1)
    return round(number * 60 / seconds)


def _newest(notice_id: UUID, *, after: datetime) -> tuple[int, datetime | None]:
    """How many letters were accepted since `after`, and the time of the first: of those next to what still waits.

    Lanes take what waits in the order of ids, so the newest letters are the ones before it. The notice is asked for
    in what is counted and not where it is looked for: otherwise its million rows would be read.
    """
    fresh = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state == DeliveryState.QUEUED]
    frontier = db.session.scalar(select(func.min(Delivery.id)).where(*fresh, Delivery.retry_at.is_(None)))
    if frontier is None:  # the last ones are in the lanes' hands
        under_way = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state == DeliveryState.SENDING]
        frontier = db.session.scalar(select(func.max(Delivery.id)).where(*under_way))
    if frontier is None:
        return 0, None
    is_newest = and_(Delivery.notice_id == notice_id, Delivery.sent_at > after)
    counted = select(func.count(case((is_newest, 1))), func.min(case((is_newest, Delivery.sent_at)))).where(
        Delivery.id.between(frontier - RATE_FROM - IN_HAND, frontier)
    )
    number, first = db.session.execute(counted).one()
    return number, first


def arrival(now_counted: Counts, rate: int) -> datetime | None:
    """When the last letter will have gone out at `rate` a minute; None while nobody can tell."""
    if not rate or not now_counted.queued:
        return None
    return clock.now() + MINUTE * now_counted.queued / rate


def poll_milliseconds(now_counted: Counts) -> int:
    """How often a page asks: every second, and more rarely where counting takes longer."""
    return max(POLL_MILLISECONDS, now_counted.recipients // RECIPIENTS_PER_MILLISECOND)


def facts(notice: Notice, counted: Counts, *, rate: int | None = None) -> dict[str, Any]:
    """What `flask notices status --json` and a page that polls are told; `rate` is letters a minute now."""
    now = per_minute(notice) if rate is None else rate
    expected = arrival(counted, now)
    return {
        "id": str(notice.id),
        "kind": notice.kind.value,
        "letter": notice.letter,
        "state": notice.state.value,
        **asdict(counted),
        "done": counted.done,
        "total": counted.recipients,
        "per_minute": now,
        "arrival": expected.isoformat() if expected else None,
    }
