"""Drafts of notices: what people of Smartos typed in both languages, until it is submitted or thrown away."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, select

from portal.accounts.models import Product, User
from portal.audit import chain
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from portal.core.language import LOCALES
from portal.notices import service
from portal.notices.composing import audience, letters, written
from portal.notices.models import Notice, NoticeKind, NoticeState, NoticeText


class ChangedMeanwhile(Exception):
    """Somebody else saved this draft after its page was opened."""


class NotWhole(Exception):
    """A language is missing its subject, its text, or the words of its link."""

    def __init__(self, locales: list[str]) -> None:
        super().__init__(locales)
        self.locales = locales


class NobodyThere(Exception):
    """The audience is empty, so there is nothing to send."""


@dataclass(frozen=True)
class Words:
    """One language as typed."""

    subject: str = ""
    body: str = ""
    link_label: str = ""


@dataclass(frozen=True)
class Content:
    """Everything that a draft holds."""

    words: Mapping[str, Words] = field(default_factory=dict)
    link: str = ""
    purpose: ConsentPurpose | None = None
    product: Product | None = None
    package: str | None = None
    locale: str | None = None
    rate_per_minute: int | None = None
    domain_rate_per_minute: int | None = None

    @property
    def digest(self) -> str:
        """Tells one state of a draft from another."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode("utf-8", "replace")).hexdigest()


def texts(notice: Notice) -> dict[str, NoticeText]:
    """The words of `notice` by locale."""
    found = db.session.scalars(select(NoticeText).where(NoticeText.notice_id == notice.id))
    return {text.locale: text for text in found}


def content(notice: Notice) -> Content:
    """What the draft holds now."""
    kept = texts(notice)
    return Content(
        words={
            locale: Words(text.written_subject, text.written_body, text.link_label) for locale, text in kept.items()
        },
        link=next((text.link for text in kept.values()), ""),
        purpose=notice.purpose,
        product=notice.only_product,
        package=notice.only_package,
        locale=notice.only_locale,
        rate_per_minute=notice.rate_per_minute,
        domain_rate_per_minute=notice.domain_rate_per_minute,
    )


def begin(kind: NoticeKind, typed: Content, *, by: User) -> Notice:
    """A new draft."""
    notice = Notice(kind=kind, letter=letters.LETTERS[kind], created_by_id=by.id)
    db.session.add(notice)
    db.session.flush()
    for locale in LOCALES:
        db.session.add(NoticeText(notice_id=notice.id, locale=locale, subject="", text=[], html=[]))
    db.session.flush()
    _keep(notice, typed)
    chain.record("notice.drafted", subject=notice, actor_id=by.id)
    return notice


def change(notice: Notice, typed: Content, *, seen: str, by: User) -> None:
    """Save a draft, held by service.locked(), that was last seen with the digest `seen`.

    Raises NotPossible when it is no draft any more, ChangedMeanwhile.
    """
    must_be_draft(notice)
    if content(notice).digest != seen:
        raise ChangedMeanwhile
    notice.edited_by_id = by.id
    _keep(notice, typed)
    chain.record("notice.draft-changed", subject=notice, actor_id=by.id)


def _keep(notice: Notice, typed: Content) -> None:
    notice.purpose, notice.only_product = typed.purpose, typed.product
    notice.only_package, notice.only_locale = typed.package, typed.locale
    notice.rate_per_minute, notice.domain_rate_per_minute = typed.rate_per_minute, typed.domain_rate_per_minute
    kept = texts(notice)
    for locale, text in kept.items():
        words = typed.words[locale]
        text.written_subject = _subject(notice, words.subject)
        text.written_body, text.link, text.link_label = words.body, typed.link, words.link_label
    letters.compose(notice, kept)


def _subject(notice: Notice, typed: str) -> str:
    line = " ".join(typed.split())  # what else ends a line, such as U+2028, no header can hold
    return written.without_mark(line) if notice.kind == NoticeKind.CAMPAIGN else line


def discard(notice: Notice, *, by: User) -> None:
    """Throw a draft away. Raises NotPossible when it is none any more."""
    must_be_draft(notice)
    db.session.execute(delete(NoticeText).where(NoticeText.notice_id == notice.id))
    db.session.delete(notice)
    chain.record("notice.draft-discarded", subject=notice, actor_id=by.id)


def missing(kept: Mapping[str, NoticeText]) -> list[str]:
    """The languages that cannot go out yet."""
    return [locale for locale in LOCALES if not letters.is_whole(kept[locale])]


def send(notice: Notice, *, seen: str, by: User) -> None:
    """Submit a draft, held by service.locked(), as it was seen with the digest `seen`.

    Raises NotPossible, ChangedMeanwhile, NotWhole, NobodyThere.
    """
    must_be_draft(notice)
    if content(notice).digest != seen:
        raise ChangedMeanwhile
    kept = texts(notice)
    if lacking := missing(kept):
        raise NotWhole(lacking)
    if not audience.foresee(notice).reached:
        raise NobodyThere
    letters.compose(notice, kept)
    service.submit(notice, by=by)


def write_tests(notice: Notice, *, to: User) -> list[str]:
    """One test letter to `to` for each language that is whole; returns those languages."""
    whole = [text for text in texts(notice).values() if letters.is_whole(text)]
    for text in whole:
        letters.write_test(notice, text, to)
    return [text.locale for text in whole]


def must_be_draft(notice: Notice) -> None:
    """Raises NotPossible when `notice` is no draft any more."""
    if notice.state != NoticeState.DRAFT:
        raise service.NotPossible
