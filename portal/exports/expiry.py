"""Archives whose time is over, and what ended builds left: which they are, and how they are cleared."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, Update, or_, select, update

from portal.accounts.models import User
from portal.exports.models import Export, ExportState, Scope

OVER = (ExportState.CANCELLED, ExportState.FAILED, ExportState.EXPIRED)
AFTERWARDS = timedelta(minutes=10)  # a worker that lost its lease has noticed and stopped by then


def expiring(now: datetime) -> Update:
    """Marks every archive expired whose seven days are over."""
    is_over = (Export.state == ExportState.READY, Export.expires_at <= now)
    return update(Export).where(*is_over).values(state=ExportState.EXPIRED)


def left_behind(now: datetime) -> Select[UUID, UUID, UUID]:
    """Export, customer and user of each ended export with files, once no worker can be writing any more."""
    has_rested = or_(Export.state == ExportState.EXPIRED, Export.ended_at <= now - AFTERWARDS)
    return (
        select(Export.id, User.customer_id, User.id)
        .join(User, Export.user_id == User.id)
        .where(Export.state.in_(OVER), Export.path.is_not(None), has_rested)
    )


def cleared(export_id: UUID) -> Update:
    """Notes that nothing of the export lies in the store any more."""
    return update(Export).where(Export.id == export_id).values(path=None)


def showing_members(customer_id: UUID) -> Select[UUID, UUID, UUID]:
    """Archives of the whole customer, which name its members: one who goes must not stay in them."""
    return (
        select(Export.id, User.customer_id, User.id)
        .join(User, Export.user_id == User.id)
        .where(User.customer_id == customer_id, Export.scope == Scope.CUSTOMER, Export.state == ExportState.READY)
    )


def ended(export_id: UUID) -> Update:
    """The archive is not to be had any more; its files are gone."""
    return update(Export).where(Export.id == export_id).values(state=ExportState.EXPIRED, path=None)
