"""One throttle, counted in the database where all processes agree (DECISIONS 24)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from email_validator import EmailNotValidError
from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock, hashes, words
from portal.core.database import Model, db, writing
from portal.core.datamap import Keep
from portal.core.forms import normal_email
from portal.core.web import visitor


class ThrottleCount(Model):
    """How often one keyed hash was counted in one window; no address and no name."""

    __tablename__ = "throttle_count"
    __table_args__ = (
        {"info": {"shared": "keyed hashes and counts only", "keep": Keep(_l("2 days"), 2, "window_start")}},
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int]


class ThrottleDelay(Model):
    """How long one keyed hash has to wait after wrong tries; no address and no name."""

    __tablename__ = "throttle_delay"
    __table_args__ = ({"info": {"shared": "keyed hashes and counts only", "keep": Keep(_l("2 days"), 2, "tried_at")}},)

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(index=True)
    wait_until: Mapped[datetime]


class TooOften(Exception):
    """Counted out; `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too often")
        self.retry_after = retry_after


def count(name: str, subject: str, *, limit: int, seconds: int) -> None:
    """Count one act of `subject` (kept as a keyed hash); commits, so that the count outlives a refused request.

    Raises TooOften beyond `limit` acts per window of `seconds`.
    """
    now = clock.now()
    start = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(ThrottleCount).values(key=hashes.keyed(f"throttle:{name}", subject), window_start=start, count=1)
    table = ThrottleCount.__table__
    statement = statement.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"count": table.c.count + 1}
    )
    with writing():
        db.session.commit()
        counted = db.session.execute(statement.returning(table.c.count)).scalar_one()
        db.session.commit()
    if counted > limit:
        raise TooOften(max(1, int((start + timedelta(seconds=seconds) - now).total_seconds())))


def throttled(name: str, *, field: str | None = None, limit: int, seconds: int) -> Callable[[Any], Any]:
    """Limit the POSTs of a view by the browser's address, or by a form `field` (an account)."""

    def mark(view: Any) -> Any:
        @wraps(view)
        def limited(*args: Any, **kwargs: Any) -> Any:
            if request.method == "POST":
                subject = _account(request.form.get(field, "")) if field else visitor().ip
                if subject or not field:  # an empty field names no account
                    count(name, subject, limit=limit, seconds=seconds)
            return view(*args, **kwargs)

        return limited

    return mark


def _account(typed: str) -> str:
    """One spelling for all that the form takes for the same address; what is no address counts as it was typed."""
    try:
        return normal_email(words.clean(typed)).casefold()
    except (words.Unprintable, EmailNotValidError):
        return typed.strip().casefold()[:320]
