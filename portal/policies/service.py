"""Drafting and publishing: a version is published once, in both languages, and announced once if it is major."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import cast

from sqlalchemy import CursorResult, func, select, update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.core.language import LOCALES
from portal.notices import service as notices
from portal.notices.engine.skeleton import Skeleton
from portal.notices.models import Notice
from portal.policies import clauses, emails, for_you, versions
from portal.policies.models import PolicyKind, PolicyText, PolicyVersion, Severity, VersionState

SHIPPED = Path(__file__).parent / "shipped"
MARKUP = ("<!doctype", "<html", "<svg", "<?xml", "<script")


class NoSuchDraft(Exception):
    """There is no draft of that number."""


class AlreadyPublished(Exception):
    """The version is in the world: what comes next is a next version."""


class LanguageMissing(Exception):
    """A version is published in both languages or not at all; `locale` has no text yet."""

    def __init__(self, locale: str) -> None:
        super().__init__(locale)
        self.locale = locale


class LaterIsPublished(Exception):
    """A version with a higher number is published already; this one would never come into force."""


@dataclass(frozen=True)
class Publication:
    """How a version goes out. Without a day it takes effect at once; a day that is past counts as today."""

    severity: Severity
    effective_on: date | None = None
    summary_vi: str = ""
    summary_en: str = ""


def draft(kind: PolicyKind, locale: str, content: bytes, *, number: int | None = None) -> PolicyVersion:
    """A new draft, or with `number` one language of a draft that is there (put in, or replaced).

    Raises TextRefused (portal.policies.clauses) with its reason, NoSuchDraft, AlreadyPublished.
    """
    text = clauses.decode(content)
    if text.lstrip().lower().startswith(MARKUP):
        raise clauses.NotText
    found = clauses.parse(text)
    version = _new_draft(kind) if number is None else _open_draft(kind, number)
    kept = version.text(locale)
    if kept is None:
        kept = PolicyText(version_id=version.id, locale=locale)
        version.texts.append(kept)
    kept.source = text
    kept.stored_clauses = [asdict(clause) for clause in found]
    kept.sha256 = clauses.digest(found)
    return version


def _new_draft(kind: PolicyKind) -> PolicyVersion:
    last = db.session.scalar(select(func.max(PolicyVersion.number)).where(PolicyVersion.kind == kind))
    version = PolicyVersion(kind=kind, number=(last or 0) + 1, state=VersionState.DRAFT, texts=[])
    db.session.add(version)
    db.session.flush()
    return version


def _open_draft(kind: PolicyKind, number: int) -> PolicyVersion:
    version = versions.find(kind, number)
    if version is None:
        raise NoSuchDraft
    db.session.refresh(version, with_for_update=True)  # a text is not replaced while its version is being published
    if version.is_published:
        raise AlreadyPublished
    return version


def publish(version: PolicyVersion, terms: Publication, *, by: User | None) -> Notice | None:
    """Put a draft into the world; a major one is announced to everyone, once (clauses 12.2, 12.3).

    `by` is None on the command line. Raises AlreadyPublished, LanguageMissing, LaterIsPublished.
    """
    _must_be_ready(version)
    before = _newest_published(version.kind)
    _claim(version, terms, by)
    chain.record("policy.published", subject=version, actor_id=by.id if by else None)
    if terms.severity == Severity.MINOR:
        return None
    ready, letters = _composed(version, before, terms)
    return notices.announce(version.id, emails.CHANGED, letters, lines=ready.lines, concerns=ready.concerns, by=by)


def foresee(version: PolicyVersion, terms: Publication) -> tuple[for_you.ForYou, dict[str, Skeleton]]:
    """The lines and the letters as they would be if `version` were published now with these terms."""
    return _composed(version, _newest_published(version.kind), terms)


def _composed(
    version: PolicyVersion, before: PolicyVersion | None, terms: Publication
) -> tuple[for_you.ForYou, dict[str, Skeleton]]:
    ready = for_you.prepared(version, before)
    day = version.effective_on or _effective_on(terms)
    announced = emails.Announced(day, terms.summary_vi, terms.summary_en)
    return ready, emails.changed(version, before, announced, ready.lines)


def _effective_on(terms: Publication) -> date:
    today = versions.day_of(clock.now())
    return max(terms.effective_on or today, today)


def _must_be_ready(version: PolicyVersion) -> None:
    if version.is_published:
        raise AlreadyPublished
    for locale in LOCALES:
        if version.text(locale) is None:
            raise LanguageMissing(locale)
    newest = _newest_published(version.kind)
    if newest is not None and newest.number > version.number:
        raise LaterIsPublished


def _newest_published(kind: PolicyKind) -> PolicyVersion | None:
    return next(iter(versions.published(kind)), None)


def _claim(version: PolicyVersion, terms: Publication, by: User | None) -> None:
    """Of two who publish at once the database lets one through."""
    claimed = db.session.execute(
        update(PolicyVersion)
        .where(PolicyVersion.id == version.id, PolicyVersion.state == VersionState.DRAFT)
        .values(
            state=VersionState.PUBLISHED,
            severity=terms.severity,
            summary_vi=terms.summary_vi,
            summary_en=terms.summary_en,
            published_at=clock.now(),
            effective_on=_effective_on(terms),
            published_by_id=by.id if by else None,
        ),
        execution_options={"synchronize_session": False},
    )
    if cast(CursorResult[None], claimed).rowcount != 1:
        raise AlreadyPublished
    db.session.refresh(version)


def publish_shipped(by: User | None = None) -> None:
    """Put the texts that come with the portal into force as version 1 of both documents, where there is none yet."""
    for kind in PolicyKind:
        if versions.every(kind):
            continue
        number = None
        for locale in LOCALES:
            content = (SHIPPED / f"{kind.value}.{locale}.md").read_bytes()
            number = draft(kind, locale, content, number=number).number
        version = versions.find(kind, number or 1)
        if version is not None:
            publish(version, Publication(Severity.MINOR), by=by)
