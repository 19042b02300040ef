"""What a changed policy means for each reader: three lines, chosen by consents, features and links (clause 12.3).

The lines that a version calls for are the same for everyone and lie ready, in order of weight, in NoticeText.lines;
which of them concern a person is one number per delivery, worked out by the database as the audience is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy import ColumnElement, Integer, case, func, literal, select

from portal.accounts.models import User
from portal.core import web
from portal.core.database import db
from portal.core.language import LOCALES
from portal.policies import comparison, showing, subjects
from portal.policies.comparison import ChangeKind, ClauseChange
from portal.policies.models import PolicyKind, PolicyText, PolicyVersion
from portal.policies.topics import CLOSING, TOPICS, Topic

Line = dict[str, str]

_TEXT = "• {words}"
_LINE = Markup("<li>{words}</li>")
_LINE_WITH_LINK = Markup('<li>{words} <a href="{href}">{label}</a></li>')


@dataclass(frozen=True)
class Touched:
    """A topic, and the numbers of the clauses for which this version calls for it."""

    topic: Topic
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class ForYou:
    """The lines of one version: bit i of `concerns` (SQL, in a statement that selects from User) stands for line i."""

    touched: Sequence[Touched]
    lines: Mapping[str, list[Line]]
    concerns: ColumnElement[int]


def prepared(version: PolicyVersion, before: PolicyVersion | None) -> ForYou:
    """The lines in both languages. A first version changes nothing, and neither does one that says the same."""
    touched = _touched(version, before) if before else []
    return ForYou(touched, {locale: _lines(touched, locale) for locale in LOCALES}, _concerns(touched))


def _touched(version: PolicyVersion, before: PolicyVersion) -> list[Touched]:
    numbers = _changed(version, before)
    found = [Touched(topic, _under(topic, numbers)) for topic in TOPICS[version.kind]]
    return [one for one in found if one.numbers]


def _under(topic: Topic, numbers: Sequence[str]) -> tuple[str, ...]:
    return tuple(n for n in numbers if any(subjects.is_under(n, prefix) for prefix in topic.clauses))


def _changed(version: PolicyVersion, before: PolicyVersion) -> list[str]:
    """The numbers of reworded, new and gone clauses that mean what they mean in our own documents, in their order."""
    numbers: dict[str, None] = {}
    for locale in LOCALES:
        old, new = before.text(locale), version.text(locale)
        if old is None or new is None:
            continue
        numbers |= dict.fromkeys(_found(version.kind, old, new))
    return list(numbers)


def _found(kind: PolicyKind, old: PolicyText, new: PolicyText) -> Iterator[str]:
    before, after = (subjects.with_subject(kind, text.clauses) for text in (old, new))
    for change in comparison.compare(showing.plain(old.clauses), showing.plain(new.clauses)):
        if not _says_otherwise(change):
            continue
        if change.new and change.new.number in after:
            yield change.new.number
        if change.old and change.old.number in before:
            yield change.old.number


def _says_otherwise(change: ClauseChange) -> bool:
    return change.kind != ChangeKind.SAME and (change.kind != ChangeKind.MOVED or change.is_reworded)


def _lines(touched: Sequence[Touched], locale: str) -> list[Line]:
    with force_locale(locale):
        return [*(_line(one) for one in touched), *(_plain(str(words)) for words in CLOSING)]


def _line(one: Touched) -> Line:
    words, place = f"{one.topic.words} ({', '.join(one.numbers)})", one.topic.place
    html = _LINE_WITH_LINK.format(words=words, href=web.absolute_url(place.endpoint), label=str(place.label))
    return {"text": _TEXT.format(words=words), "html": str(html)}


def _plain(words: str) -> Line:
    return {"text": _TEXT.format(words=words), "html": str(_LINE.format(words=words))}


def _concerns(touched: Sequence[Touched]) -> ColumnElement[int]:
    always = sum(1 << i for i, one in enumerate(touched) if one.topic.condition is None)
    always |= ((1 << len(CLOSING)) - 1) << len(touched)
    mask: ColumnElement[int] = literal(always, Integer)
    for i, one in enumerate(touched):
        if one.topic.condition is not None:
            mask = mask + case((one.topic.condition(), literal(1 << i, Integer)), else_=literal(0, Integer))
    return mask


def reach(ready: ForYou) -> list[int]:
    """How many people each line concerns now, weightier ones before it or not; one statement."""
    everyone = func.count()
    counts = [
        everyone if one.topic.condition is None else func.count(case((one.topic.condition(), 1)))
        for one in ready.touched
    ]
    return list(db.session.execute(select(*counts, *(everyone for _ in CLOSING)).select_from(User)).one())


def of(user: User, ready: ForYou) -> int:
    """Which lines concern one person now, as the audience's statement would have it."""
    return db.session.scalar(select(ready.concerns).where(User.id == user.id)) or 0
