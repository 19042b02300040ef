"""At most three letters of advertising a day for one person, from all of Smartos (Decree 91/2020)."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from portal.core import clock
from portal.core.database import db
from portal.extensions import settings
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind

A_DAY = 3


def exhausted(user_ids: Iterable[UUID], *, besides: UUID) -> set[UUID]:
    """Those who have had, or are just being sent, all that one day allows; one statement.

    Only who holds these people's rows may act on the answer (engine/claiming.py): then nobody else adds to it.
    A letter that waits because its answer was never seen may have arrived, and counts; but not that of the notice
    `besides` which they are asked about, or it would hold itself back for ever.
    """
    may_have_arrived = or_(
        Delivery.state == DeliveryState.SENDING,
        Delivery.sent_at >= _midnight(),
        and_(Delivery.state == DeliveryState.QUEUED, Delivery.interrupted > 0, Delivery.notice_id != besides),
    )
    counted = (
        select(Delivery.user_id)
        .join(Notice, Delivery.notice_id == Notice.id)
        .where(Delivery.user_id.in_(list(user_ids)), Notice.kind == NoticeKind.CAMPAIGN, may_have_arrived)
        .group_by(Delivery.user_id)
        .having(func.count() >= A_DAY)
    )
    return set(db.session.scalars(counted))


def next_day() -> datetime:
    """When the next three may go."""
    return _midnight(days=1)


def _midnight(*, days: int = 0) -> datetime:
    zone = ZoneInfo(settings().timezone)
    today = clock.now().astimezone(zone).date()
    return datetime.combine(today + timedelta(days=days), time(), zone).astimezone(UTC)
