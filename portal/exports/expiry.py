"""Archives whose time is over, and what ended builds left: removed by a sweep that repeats itself."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db, reading
from portal.core.steps import reached
from portal.exports.models import Export, ExportState, archive_prefix
from portal.storage.opened import files

OVER = (ExportState.CANCELLED, ExportState.FAILED, ExportState.EXPIRED)
AFTERWARDS = timedelta(minutes=10)  # a worker that lost its lease has noticed and stopped by then


def sweep() -> int:
    """Mark archives expired, remove their files and those of ended builds; how many exports were cleared.

    Killed between the file and the row, the next sweep finds the row again. Two at once do no harm.
    """
    now = clock.now()
    db.session.execute(update(Export).where(_is_expired(now)).values(state=ExportState.EXPIRED))
    db.session.commit()
    reached("export-expiry.marked")
    left = _left_behind(now)
    for export_id, prefix in left:
        files().delete_prefix(prefix)
        reached("export-expiry.removed")
        db.session.execute(update(Export).where(Export.id == export_id).values(path=None))
        db.session.commit()
    return len(left)


def _is_expired(now: datetime) -> ColumnElement[bool]:
    return and_(Export.state == ExportState.READY, Export.expires_at <= now)


def _left_behind(now: datetime) -> list[tuple[UUID, str]]:
    """Ended exports with files, once no worker can be writing any more."""
    has_rested = or_(Export.state == ExportState.EXPIRED, Export.ended_at <= now - AFTERWARDS)
    query = (
        select(Export.id, User.customer_id, User.id)
        .join(User, Export.user_id == User.id)
        .where(Export.state.in_(OVER), Export.path.is_not(None), has_rested)
    )
    with reading():
        found = db.session.execute(query).all()
        db.session.commit()
    return [(export, archive_prefix(customer, user, export)) for export, customer, user in found]
