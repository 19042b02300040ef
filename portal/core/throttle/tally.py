"""How often something went wrong for a subject lately: for the person to hear of, never to refuse by.

Always in the database: it is no measure against floods, and there is little of it (what is counted was not refused).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.core import clock, hashes
from portal.core.database import db
from portal.core.throttle.in_database import InDatabase
from portal.core.throttle.models import ThrottleCount

STEP = timedelta(minutes=10)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Tally:
    """`count` times since about `since` (ten minutes exact); at most so many of them within one hour."""

    count: int
    since: datetime
    most_in_an_hour: int


def add(name: str, subject: str) -> None:
    """Once more, now. Commits."""
    seconds = int(STEP.total_seconds())
    now = clock.now()
    start = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
    InDatabase().add(_key(name, subject), start, seconds=seconds)


def of(name: str, subject: str) -> Tally | None:
    """What was added within the last two days."""
    query = select(ThrottleCount.window_start, ThrottleCount.count).where(ThrottleCount.key == _key(name, subject))
    found = [(start, count) for start, count in db.session.execute(query.order_by(ThrottleCount.window_start))]
    if not found:
        return None
    hours = (sum(n for start, n in found if first <= start < first + HOUR) for first, _count in found)
    return Tally(sum(n for _start, n in found), found[0][0], max(hours))


def forget(name: str, subject: str) -> None:
    """Nothing was added; the caller commits."""
    db.session.execute(delete(ThrottleCount).where(ThrottleCount.key == _key(name, subject)))


def _key(name: str, subject: str) -> str:
    return hashes.keyed(f"tally:{name}", subject)
