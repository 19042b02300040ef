"""The first letters on trial, and an eye on what comes back for as long as a sending goes on."""

from uuid import UUID

from sqlalchemy import select

from portal.core.database import db
from portal.core.leases import Lease
from portal.notices.models import Notice, NoticeState


def look(lease: Lease, notice_id: UUID) -> NoticeState:
    """How the notice stands after a chunk; commits."""
    state = db.session.execute(select(Notice.state).where(Notice.id == notice_id)).scalar_one()
    db.session.commit()
    return state


def note_bounces(notice_id: UUID) -> None:
    """A letter of this notice came back: pause it when too many do. The caller commits."""
