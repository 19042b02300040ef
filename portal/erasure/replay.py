"""After a restore: what the ledger says is gone must be gone, before anybody is served (DECISIONS 17)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, Response, jsonify, make_response, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core import clock, mistakes
from portal.core.database import db, reading
from portal.erasure.ledger import Entry
from portal.erasure.models import Closing, Scope, State, Step
from portal.erasure.opened import ledger
from portal.erasure.service import code_of
from portal.work import runner

GONE = (State.PURGING, State.PURGED)
ALWAYS_SERVED = ("health.healthz", "static")
RETRY_SECONDS = 60
LOOK_EVERY = timedelta(seconds=30)


class Watch:
    """One process's knowledge of whether its database is behind.

    Looks at the ledger at the first request and every half minute; asks the database when it has grown.
    """

    def __init__(self) -> None:
        self._checked_up_to = 0
        self._checked_at: datetime | None = None

    def is_behind(self) -> bool:
        """Whether the ledger names an erasure that this database has not seen."""
        if self._checked_at and abs(clock.now() - self._checked_at) < LOOK_EVERY:
            return False
        head = ledger().head()
        if head == self._checked_up_to:
            self._checked_at = clock.now()
            return False
        with reading():
            is_behind = next(missing(), None) is not None
            db.session.commit()
        if not is_behind:
            self._checked_up_to, self._checked_at = head, clock.now()
        return is_behind


def connect(app: Flask) -> None:
    """Answer 503 to all but /healthz, and hold the workers back, while the database is behind the ledger."""
    watch = Watch()
    app.extensions["held_back"] = watch.is_behind

    @app.before_request
    def refuse_while_behind() -> Response | None:
        if request.endpoint in ALWAYS_SERVED or not watch.is_behind():
            return None
        if request.endpoint == "health.readyz":
            return make_response(jsonify(status="not ready", ledger="ahead of the database"), 503)
        text = _("A backup was restored. Before anything is shown, what was erased since then is erased again.")
        return mistakes.answer(503, title=_("Back in a moment"), text=text, retry_after=RETRY_SECONDS)


def missing() -> Iterator[Entry]:
    """The ledger's entries that this database does not know as gone.

    A closing is marked `purging` before its line is written, so whatever is older than the newest line
    known here was seen by this database, restored or not.
    """
    newest = db.session.scalar(select(func.max(Closing.ledger_seq))) or 0
    for entry in ledger().entries(newest + 1):
        state = db.session.scalar(select(Closing.state).where(Closing.id == UUID(entry.closing_id)))
        if state not in GONE:
            yield entry


def replay() -> Counter[str]:
    """Purge again what the ledger says is gone, without letters; commits. Counts entries and purges."""
    again = list(missing())
    for entry in again:
        _take_up(entry)
    db.session.commit()
    ids = [UUID(entry.closing_id) for entry in again]
    runner.run("closing", only=Closing.id.in_(ids))
    purged = select(func.count()).select_from(Closing).where(Closing.id.in_(ids), Closing.state == State.PURGED)
    return Counter(missing=len(again), purged=db.session.scalar(purged) or 0)


def _take_up(entry: Entry) -> None:
    closing_id, at = UUID(entry.closing_id), datetime.fromisoformat(entry.at)
    closing = db.session.get(Closing, closing_id)
    if closing is None:
        closing = Closing(id=closing_id, code=code_of(closing_id), closed_at=at, erase_at=at)
        db.session.add(closing)
    closing.scope = Scope(entry.scope)
    closing.customer_id = UUID(entry.customer_id)
    closing.user_id = UUID(entry.user_id) if entry.user_id else None
    closing.state, closing.step, closing.undone_at = State.PURGING, Step.RECORDED, None
    closing.ledger_seq, closing.counts = entry.seq, dict(entry.counts)
    closing.is_replay = True
    closing.promise(at=clock.now())
