"""A notice held against everybody else who would change it, and the lanes that work on it."""

from uuid import UUID

from sqlalchemy import select

from portal.core.database import db
from portal.notices.models import Lane, Notice, NoticeState

RUNNING = (NoticeState.CANARY, NoticeState.SENDING)
"""Letters leave while a notice is in one of these."""


def locked(notice_id: UUID) -> Notice | None:
    """The notice, held against other changes of its state until this transaction ends."""
    return db.session.scalar(
        select(Notice).where(Notice.id == notice_id).with_for_update().execution_options(populate_existing=True)
    )


def lanes(notice_id: UUID) -> list[Lane]:
    """The notice's lanes, by number."""
    return list(db.session.scalars(select(Lane).where(Lane.notice_id == notice_id).order_by(Lane.number)))


def wake(notice_id: UUID) -> None:
    """Every lane has something to do now."""
    for lane in lanes(notice_id):
        lane.promise()
