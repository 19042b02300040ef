"""Measuring traffic: how often which page is opened, by those who allow it, and nothing about them (clause 4.4).

What is counted is a day and the address's rule (`/receipts/<code>`), never the address itself. Counts are collected in
the process and written in batches, after an answer has left; what was counted since the last batch is lost with a kill.
"""

import atexit
from collections import Counter
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy import CursorResult, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from portal.consents import choices, gpc
from portal.consents.models import PageCount
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db, writing
from portal.extensions import settings

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=10)
KEPT = timedelta(days=761)  # 25 months: two whole years can be compared


class Tally:
    """What one process has counted and not written yet."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._counts: Counter[tuple[date, str]] = Counter()
        self._since: datetime | None = None
        self._lock = Lock()

    def add(self, day: date, page: str) -> bool:
        """Count one page; True for the one that finds ten seconds over and has to write."""
        now = clock.now()
        with self._lock:
            if not self._counts and self._since is None:
                atexit.register(self.write)
            self._since = self._since or now
            self._counts[day, page] += 1
            if timedelta(0) <= now - self._since < EVERY:
                return False
            self._since = now
            return True

    def write(self) -> None:
        """Add what was counted to the database, in a transaction of its own; what fails is tried with the next."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with self.app.app_context(), writing():
                _add(counts)
                db.session.commit()
        except SQLAlchemyError as error:
            with self._lock:
                self._counts.update(counts)
            log.warning("measuring.not-written", error=type(error).__name__)


def connect(app: Flask) -> None:
    """Give the app its tally."""
    app.extensions["page_tally"] = Tally(app)


def note(response: Response) -> Response:
    """After every request: count a page that was opened by somebody who allows it. It never fails the page."""
    if request.method != "GET" or response.status_code != 200 or response.mimetype != "text/html":
        return response
    response.vary.add(gpc.HEADER)
    if request.url_rule is None or not _is_allowed():
        return response
    tally: Tally = current_app.extensions["page_tally"]
    if tally.add(day_of(clock.now()), request.url_rule.rule):
        response.call_on_close(tally.write)
    return response


def day_of(moment: datetime) -> date:
    """The day on which something happens, in the portal's time zone."""
    return moment.astimezone(ZoneInfo(settings().timezone)).date()


def drop_old() -> int:
    """Let go of counts older than 25 months (SCHEDULE in app.py); commits. How many went."""
    before = day_of(clock.now() - KEPT)
    done = cast(CursorResult[Any], db.session.execute(delete(PageCount).where(PageCount.day < before)))
    db.session.commit()
    return done.rowcount


def _is_allowed() -> bool:
    """Only a browser that said yes is looked into further, so that nobody else's page costs a statement."""
    here = choices.of_browser()
    if here is None or not here.measurement:
        return False
    try:
        return choices.may(ConsentPurpose.MEASUREMENT)
    except SQLAlchemyError as error:  # the page is made; it is not counted
        db.session.rollback()
        log.warning("measuring.not-counted", error=type(error).__name__)
        return False


def _add(counts: Counter[tuple[date, str]]) -> None:
    """One statement for all, in one order everywhere, so that two processes never wait for each other in a ring."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    rows = [{"day": day, "page": page, "opened": opened} for (day, page), opened in sorted(counts.items())]
    statement = insert(PageCount).values(rows)
    summed = {"opened": PageCount.opened + statement.excluded.opened}
    db.session.execute(statement.on_conflict_do_update(index_elements=["day", "page"], set_=summed))
