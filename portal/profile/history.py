"""The history of a profile: every change with its field, before, after, when and by whom (clause 3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, literal, select, union_all

from portal.accounts.models import User
from portal.core.database import db
from portal.core.features import Feature
from portal.profile.models import CompanyChange, ProfileChange

PAGE_SIZE = 25


@dataclass(frozen=True)
class Line:
    """One change; `by_id` and `by_name` are empty once that person has left."""

    id: UUID
    at: datetime
    field: str
    before: str
    after: str
    is_company: bool
    by_id: UUID | None
    by_name: str | None


def page(user: User, *, before: UUID | None = None) -> tuple[Sequence[Line], UUID | None]:
    """The latest changes, before the line `before`, and from where the next page goes on.

    The company's changes are shown to whoever holds COMPANY.
    """
    parts = [_lines(ProfileChange, ProfileChange.user_id == user.id, before, is_company=False)]
    if user.may(Feature.COMPANY):
        mine = CompanyChange.customer_id == user.customer_id
        parts.append(_lines(CompanyChange, mine, before, is_company=True))
    lines = union_all(*parts).subquery()
    query = (
        select(lines, User.full_name.label("by_name"))
        .join(User, User.id == lines.c.by_id, isouter=True)
        .order_by(lines.c.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    found = [Line(**row) for row in db.session.execute(query).mappings()]
    shown = found[:PAGE_SIZE]
    return shown, shown[-1].id if len(found) > PAGE_SIZE else None


def _lines(model: Any, mine: ColumnElement[bool], before: UUID | None, *, is_company: bool) -> Select[Any]:
    query = select(
        model.id,
        model.at,
        cast(model.field, String).label("field"),
        model.before,
        model.after,
        literal(is_company).label("is_company"),
        model.by_id,
    ).where(mine)
    return query if before is None else query.where(model.id < before)
