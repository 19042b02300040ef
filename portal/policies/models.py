"""Versions of the privacy policy and the Terms of Service, and who agreed to which (clauses 1.2, 12.1 to 12.4)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import held, mention, owner, shared, table, technical
from portal.core.language import LANGUAGE_NAMES
from portal.policies.clauses import Clause


class PolicyKind(StrEnum):
    PRIVACY = "privacy"
    TERMS = "terms"


class VersionState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Severity(StrEnum):
    """Minor changes need no notice (clause 12.2); major ones are announced by e-mail (12.3)."""

    MINOR = "minor"
    MAJOR = "major"


KIND_WORDS = {PolicyKind.PRIVACY: _l("Privacy policy"), PolicyKind.TERMS: _l("Terms of Service")}
STATE_WORDS = {VersionState.DRAFT: _l("Draft"), VersionState.PUBLISHED: _l("Published")}
SEVERITY_WORDS = {Severity.MINOR: _l("Minor change"), Severity.MAJOR: _l("Major change")}


class PolicyVersion(Model):
    """One version of a document, in Vietnamese and in English. Once published it never changes."""

    __tablename__ = "policy_version"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "state = 'draft' or (severity is not null and published_at is not null and effective_on is not null)",
            name="published_is_dated",
        ),
        shared("the text of a public document"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[PolicyKind] = mapped_column(choice(PolicyKind))
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(choice(VersionState), default=VersionState.DRAFT)
    severity: Mapped[Severity | None] = mapped_column(choice(Severity), default=None)
    summary_vi: Mapped[str] = mapped_column(default="")
    summary_en: Mapped[str] = mapped_column(default="")
    drafted_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    effective_on: Mapped[date | None] = mapped_column(default=None)
    published_by_id: Mapped[UUID | None] = mention("user.id", default=None)

    texts: Mapped[list[PolicyText]] = relationship(lazy="selectin", order_by="PolicyText.locale")

    @property
    def is_published(self) -> bool:
        return self.state == VersionState.PUBLISHED

    @property
    def is_major(self) -> bool:
        return self.severity == Severity.MAJOR

    def summary(self, locale: str) -> str:
        """What changed, in one language, as the publisher put it."""
        return self.summary_vi if locale == "vi" else self.summary_en

    def text(self, locale: str) -> PolicyText | None:
        """The text in one language, once it was drafted."""
        return next((text for text in self.texts if text.locale == locale), None)


class PolicyText(Model):
    """A version's text in one language: as it was given, and as numbered clauses."""

    __tablename__ = "policy_text"
    __table_args__ = (
        UniqueConstraint("version_id", "locale"),
        CheckConstraint("locale in ('vi', 'en')", name="locale_known"),
        shared("the text of a public document"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    locale: Mapped[str]
    source: Mapped[str]
    stored_clauses: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sha256: Mapped[str]

    @property
    def clauses(self) -> list[Clause]:
        """The numbered clauses, in the order of the text."""
        return [Clause(**stored) for stored in self.stored_clauses]


class AcceptanceWay(StrEnum):
    """How somebody came to be bound: only the first is an agreement in words (DECISIONS 19)."""

    SIGN_UP = "sign-up"
    FIRST_POST = "first-post"
    FIRST_PAGE = "first-page"


WAY_WORDS = {
    AcceptanceWay.SIGN_UP: _l("Agreed at sign-up"),
    AcceptanceWay.FIRST_POST: _l("Went on using the service after the announcement"),
    AcceptanceWay.FIRST_PAGE: _l("Signed in again after the announcement"),
}


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.POLICIES, purpose=Purpose.DISPUTES, **kwargs)


class PolicyAcceptance(Model):
    """A person is bound by a version: agreed at sign-up, or by continued use (clause 12.4), never a consent."""

    __tablename__ = "policy_acceptance"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "number"),
        table(_l("Policies you agreed to")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    kind: Mapped[PolicyKind] = _held(choice(PolicyKind), label=_l("Document"), source=Source.SMARTOS, words=KIND_WORDS)
    number: Mapped[int] = _held(label=_l("Version"), source=Source.SMARTOS)
    locale: Mapped[str] = _held(label=_l("In language"), source=Source.YOU, words=LANGUAGE_NAMES)
    way: Mapped[AcceptanceWay] = _held(choice(AcceptanceWay), label=_l("How"), source=Source.YOU, words=WAY_WORDS)
    at: Mapped[datetime] = _held(label=_l("When"), source=Source.AUTOMATIC, default=clock.now)


class PolicyShown(Model):
    """When the banner about a major version was first shown to a person: nothing counts as continued use before."""

    __tablename__ = "policy_shown"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "number"),
        table(_l("Policy changes you were shown")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    kind: Mapped[PolicyKind] = _held(choice(PolicyKind), label=_l("Document"), source=Source.SMARTOS, words=KIND_WORDS)
    number: Mapped[int] = _held(label=_l("Version"), source=Source.SMARTOS)
    shown_at: Mapped[datetime] = _held(label=_l("First shown"), source=Source.AUTOMATIC, default=clock.now)
