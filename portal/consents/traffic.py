"""How often pages were opened, by those who allow measuring: read off the counts (clause 4.4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import case, func, select

from portal.accounts.models import User
from portal.consents import measuring
from portal.consents.models import PageCount
from portal.consents.purposes import ConsentPurpose
from portal.consents.standing import has_consented
from portal.core import clock
from portal.core.database import db

DAYS = 30
SHOWN_DAYS = 7


@dataclass(frozen=True)
class Page:
    """One page: its address's rule, how often it was opened on each day shown, and in all."""

    rule: str
    by_day: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Traffic:
    """The last thirty days: the oldest first."""

    days: tuple[date, ...]
    by_day: tuple[int, ...]
    shown: tuple[date, ...]
    pages: tuple[Page, ...]
    people: int
    measured: int

    @property
    def total(self) -> int:
        """All pages opened on all days."""
        return sum(self.by_day)

    @property
    def most(self) -> int:
        """The fullest day, at least 1: what the bars are drawn against."""
        return max(*self.by_day, 1)

    @property
    def share(self) -> float:
        """Of everybody with an account, the part that allows measuring (0 to 1)."""
        return self.measured / self.people if self.people else 0.0


def of_late() -> Traffic:
    """Days by pages, in two statements."""
    today = measuring.day_of(clock.now())
    days = tuple(today - timedelta(days=ago) for ago in reversed(range(DAYS)))
    counts = _counts(since=days[0])
    people, measured = _who_allows()
    shown = days[-SHOWN_DAYS:]
    pages = [
        Page(rule, tuple(on.get(day, 0) for day in shown), sum(on.get(day, 0) for day in days))
        for rule, on in counts.items()
    ]
    return Traffic(
        days=days,
        by_day=tuple(sum(on.get(day, 0) for on in counts.values()) for day in days),
        shown=shown,
        pages=tuple(sorted(pages, key=lambda page: (-page.total, page.rule))),
        people=people,
        measured=measured,
    )


def _counts(*, since: date) -> dict[str, dict[date, int]]:
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for count in db.session.scalars(select(PageCount).where(PageCount.day >= since)):
        found[count.page][count.day] = count.opened
    return found


def _who_allows() -> tuple[int, int]:
    """How many people have an account, and how many of them allow measuring now."""
    allows = has_consented(User.id, ConsentPurpose.MEASUREMENT)
    query = select(func.count(), func.sum(case((allows, 1), else_=0))).select_from(User)
    people, measured = db.session.execute(query).one()
    return people, measured or 0
