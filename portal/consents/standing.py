"""How consents stand: the newest entry of each purpose, read off the ledger and kept nowhere else."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import aliased

from portal.consents.models import ConsentEntry
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db

Standing = dict[ConsentPurpose, ConsentEntry]


def of(user_id: UUID, *, at: datetime | None = None) -> Standing:
    """The newest entry of each purpose, now or as it was `at` a moment; a purpose without one was never given."""
    entries = select(ConsentEntry).where(ConsentEntry.user_id == user_id).order_by(ConsentEntry.id)
    if at is not None:
        entries = entries.where(ConsentEntry.at <= at)
    return {entry.purpose: entry for entry in db.session.scalars(entries)}


def allows(user_id: UUID, purpose: ConsentPurpose) -> bool:
    """Whether this person consents to `purpose` now."""
    entry = of(user_id).get(purpose)
    return entry is not None and entry.granted


def has_consented(user_id: Any, purpose: Any) -> ColumnElement[bool]:
    """SQL: whether the person whose id is the column `user_id` consents to `purpose` (a value or a column) now."""
    entry = aliased(ConsentEntry)
    newest = (
        select(entry.granted)
        .where(entry.user_id == user_id, entry.purpose == purpose)
        .order_by(entry.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return cast(ColumnElement[bool], func.coalesce(newest, false()))
