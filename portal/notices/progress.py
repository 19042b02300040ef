"""How a sending goes: counts read off the deliveries, the pace, and when it will be over."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState

FAILURES_SHOWN = 100


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
    """The counts of several notices in one statement."""
    rows = db.session.execute(
        select(Delivery.notice_id, Delivery.state, func.count(), func.sum(Delivery.interrupted))
        .where(Delivery.notice_id.in_(notice_ids))
        .group_by(Delivery.notice_id, Delivery.state)
    )
    numbers: dict[UUID, Counter[str]] = {notice_id: Counter() for notice_id in notice_ids}
    for notice_id, state, number, interrupted in rows:
        numbers[notice_id][state] += number
        numbers[notice_id]["interrupted"] += interrupted
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
    """Every notice, the newest first."""
    return list(db.session.scalars(select(Notice).order_by(Notice.created_at.desc(), Notice.id.desc())))


def arrival(notice: Notice, now_counted: Counts) -> datetime | None:
    """When the last letter will have gone out at the pace so far; None while nobody can tell."""
    if notice.state != NoticeState.SENDING or notice.started_at is None or not now_counted.sent:
        return None
    now = clock.now()
    return now + (now - notice.started_at) / now_counted.sent * now_counted.queued


def failures(notice_id: UUID) -> list[tuple[str, int | None]]:
    """The first hundred people the server refused, masked, with its code (RFC 5321, 4.2)."""
    rows = db.session.execute(
        select(User.email, Delivery.answer)
        .join(User, Delivery.user_id == User.id)
        .where(Delivery.notice_id == notice_id, Delivery.state.in_([DeliveryState.FAILED, DeliveryState.BOUNCED]))
        .order_by(Delivery.id)
        .limit(FAILURES_SHOWN)
    )
    return [(masked(email), answer) for email, answer in rows]


def masked(email: str) -> str:
    """An address as personnel see it: n•••@gmail.com."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def facts(notice: Notice, counted: Counts) -> dict[str, Any]:
    """What `flask notices status --json` and a page that polls are told."""
    return {
        "id": str(notice.id),
        "kind": notice.kind.value,
        "letter": notice.letter,
        "state": notice.state.value,
        **asdict(counted),
        "done": counted.done,
        "total": counted.recipients,
    }
