"""The ledger as its owner reads it: line by line, and as everything stood at one moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.consents import standing
from portal.consents.models import ConsentEntry, ConsentWords
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.extensions import settings

PAGE_SIZE = 25


@dataclass(frozen=True)
class Line:
    """One act with the exact words it was done on."""

    entry: ConsentEntry
    words: ConsentWords


@dataclass(frozen=True)
class Moment:
    """How everything stood: what was agreed to, and what was not (any more)."""

    at: datetime
    given: Sequence[Line]
    not_given: Sequence[ConsentPurpose]
    is_before_the_first: bool


def page(user_id: UUID, *, before: UUID | None = None) -> tuple[Sequence[ConsentEntry], UUID | None]:
    """The latest acts, before the act `before`, and from where the next page goes on."""
    query = select(ConsentEntry).where(ConsentEntry.user_id == user_id).order_by(ConsentEntry.id.desc())
    if before is not None:
        query = query.where(ConsentEntry.id < before)
    found = db.session.scalars(query.limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    return shown, shown[-1].id if len(found) > PAGE_SIZE else None


def line(user_id: UUID, entry_id: UUID) -> Line | None:
    """One act of this person with its words; None when it is not theirs."""
    entry = db.session.scalar(select(ConsentEntry).where(ConsentEntry.id == entry_id, ConsentEntry.user_id == user_id))
    return None if entry is None else _with_words([entry])[0]


def at(user_id: UUID, moment: datetime) -> Moment:
    """What this person had agreed to at `moment`, in the words of then."""
    then = standing.of(user_id, at=moment)
    given = [then[purpose] for purpose in ConsentPurpose if purpose in then and then[purpose].granted]
    agreed = {entry.purpose for entry in given}
    return Moment(
        at=moment,
        given=_with_words(given),
        not_given=[purpose for purpose in ConsentPurpose if purpose not in agreed],
        is_before_the_first=not then,
    )


def moment_of(day: date, clock_time: time) -> datetime:
    """A day and a time as the portal's clocks on the wall show them. Raises OverflowError at the end of time."""
    moment = datetime.combine(day, clock_time, tzinfo=ZoneInfo(settings().timezone))
    moment.utctimetuple()
    return moment


def today() -> date:
    """The day as the portal's clocks on the wall show it."""
    return clock.now().astimezone(ZoneInfo(settings().timezone)).date()


def is_this_minute(moment: datetime) -> bool:
    """Whether `moment` is the end of the minute that is running."""
    return moment - clock.now() < timedelta(minutes=1)


def _with_words(entries: Iterable[ConsentEntry]) -> list[Line]:
    entries = list(entries)
    digests = {entry.words_sha256 for entry in entries}
    found = db.session.scalars(select(ConsentWords).where(ConsentWords.sha256.in_(digests))) if digests else ()
    words = {each.sha256: each for each in found}
    return [Line(entry, words[entry.words_sha256]) for entry in entries]
