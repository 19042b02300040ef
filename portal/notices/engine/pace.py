"""How many letters a notice lets go in a minute, in all and to one receiving domain, whoever sends them.

The budget lies in rows that all lanes on all machines share; they are changed while the notice is held, so that two
lanes never spend the same letter. Who finds a domain's minute used up is told at once in which later minute to ask
again: each minute to come is given to as many as it can take, and nobody who waits is looked at in between. That is a
timetable, not a promise: the budget is asked again when the minute has come.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal.core import clock
from portal.core.database import db
from portal.notices.models import Notice, Pace

ALL = ""
WAITING = "+"
"""Before a domain: the row that says up to which later minute its timetable is full."""


def is_set(notice: Notice) -> bool:
    """Whether this notice has a rate at all."""
    return bool(notice.rate_per_minute or notice.domain_rate_per_minute)


def room(notice: Notice, most: int) -> int:
    """How many of `most` letters this minute's budget still has room for; the notice is held."""
    if not notice.rate_per_minute:
        return most
    spent = _rows(notice.id, [ALL]).get(ALL)
    return max(0, min(most, notice.rate_per_minute - (spent.taken if spent else 0)))


def spend(notice: Notice, letters: Sequence[tuple[int, str]]) -> dict[int, datetime]:
    """Take letters (id and address) off the budgets; returns those that must wait, each with the time to ask again.

    The notice is held, and `letters` are no more than `room` said.
    """
    book = _Book(notice)
    book.open({domain(address) for _, address in letters})
    later = {}
    for letter_id, address in letters:
        waits_until = book.take(domain(address))
        if waits_until is not None:
            later[letter_id] = waits_until
    return later


def domain(address: str) -> str:
    """Where a letter to `address` is received."""
    return address.rpartition("@")[2].strip().lower()


def next_minute() -> datetime:
    """When the next budget begins."""
    return _begin_of(_minute() + 1)


class _Book:
    """The budget rows of one notice while letters are taken off them."""

    def __init__(self, notice: Notice) -> None:
        self.notice, self.minute = notice, _minute()
        self.rows: dict[str, Pace] = {}

    def open(self, domains: set[str]) -> None:
        names = [ALL]
        if self.notice.domain_rate_per_minute:
            names += [*domains, *(WAITING + name for name in domains)]
        self.rows = _rows(self.notice.id, names)
        if ALL not in self.rows:  # the first of a new minute clears the old ones away
            past = [Pace.notice_id == self.notice.id, Pace.minute < self.minute]
            db.session.execute(delete(Pace).where(*past), execution_options={"synchronize_session": False})
            self._row(ALL)

    def take(self, name: str) -> datetime | None:
        most = self.notice.domain_rate_per_minute
        if most:
            spent = self._row(name)
            if spent.taken >= most:
                return self._wait(name, most)
            spent.taken += 1
        self._row(ALL).taken += 1
        return None

    def _wait(self, name: str, most: int) -> datetime:
        full = self._row(WAITING + name, self.minute + 1)
        if full.taken >= most:
            full.minute, full.taken = full.minute + 1, 0
        full.taken += 1
        return _begin_of(full.minute)

    def _row(self, name: str, minute: int | None = None) -> Pace:
        if name not in self.rows:
            row = Pace(notice_id=self.notice.id, domain=name, minute=minute or self.minute, taken=0)
            db.session.add(row)
            self.rows[name] = row
        return self.rows[name]


def _rows(notice_id: UUID, names: Sequence[str]) -> dict[str, Pace]:
    """This minute's rows of `names`, and of the timetables those that reach beyond it."""
    now = _minute()
    wanted = select(Pace).where(Pace.notice_id == notice_id, Pace.domain.in_(names), Pace.minute >= now)
    found = db.session.scalars(wanted, execution_options={"populate_existing": True})
    return {row.domain: row for row in found if not (row.domain.startswith(WAITING) and row.minute == now)}


def _minute() -> int:
    return int(clock.now().timestamp()) // 60


def _begin_of(minute: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(minutes=minute)
