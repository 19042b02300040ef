"""Finding versions: the one in force, the one that comes, the published ones."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.extensions import settings
from portal.policies.models import PolicyKind, PolicyVersion, VersionState

LARGEST_NUMBER = 2**31 - 1  # what the column holds


def in_force(kind: PolicyKind, *, at: datetime | None = None) -> PolicyVersion | None:
    """The version that binds now, or bound `at` a moment; None before the first was published."""
    moment = at or clock.now()
    return db.session.scalar(
        select(PolicyVersion)
        .where(
            PolicyVersion.kind == kind,
            PolicyVersion.state == VersionState.PUBLISHED,
            PolicyVersion.published_at <= moment,
            PolicyVersion.effective_on <= day_of(moment),
        )
        .order_by(PolicyVersion.number.desc())
        .limit(1)
    )


def published(kind: PolicyKind) -> list[PolicyVersion]:
    """Every published version, the newest first (clauses 12.1, 12.2)."""
    return list(
        db.session.scalars(
            select(PolicyVersion)
            .where(PolicyVersion.kind == kind, PolicyVersion.state == VersionState.PUBLISHED)
            .order_by(PolicyVersion.number.desc())
        )
    )


def find(kind: PolicyKind, number: int) -> PolicyVersion | None:
    """One version, draft or published."""
    if number > LARGEST_NUMBER:
        return None
    return db.session.scalar(select(PolicyVersion).where(PolicyVersion.kind == kind, PolicyVersion.number == number))


def every(kind: PolicyKind) -> list[PolicyVersion]:
    """Drafts and published versions, the newest first."""
    return list(
        db.session.scalars(
            select(PolicyVersion).where(PolicyVersion.kind == kind).order_by(PolicyVersion.number.desc())
        )
    )


def day_of(moment: datetime) -> date:
    """The calendar day of a moment where Smartos is; versions take effect by such days."""
    return moment.astimezone(ZoneInfo(settings().timezone)).date()
