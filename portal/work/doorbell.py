"""The doorbell: huey wakes workers after a commit. It carries the name of a duty and nothing else.

Losing every message in it loses no work: the rows are the truth, and the sweeper rings again.
"""

from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, PostgresHuey, RedisHuey
from huey.storage import SqliteStorage
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.core import clock
from portal.core.database import db
from portal.core.leases import Leased

log = structlog.get_logger(__name__)


class ForgetfulSqliteStorage(SqliteStorage):
    """SqliteStorage whose deleted rows leave no bytes behind in their pages."""

    def _create_connection(self) -> Any:
        connection = super()._create_connection()
        connection.execute("pragma secure_delete=on")
        return connection


def make_queue(settings: Settings) -> Huey:
    """huey over what QUEUE_URL names; results are not stored (they would hold error texts)."""
    url = settings.queue_url
    if url.startswith(("redis://", "rediss://")):
        return RedisHuey("portal", url=url, results=False)
    if url.startswith("postgresql://"):
        return PostgresHuey("portal", dsn=url, results=False)
    path = url.removeprefix("sqlite:///") if url else str(settings.instance_path / "queue.sqlite3")
    return Huey("portal", storage_class=ForgetfulSqliteStorage, filename=path, results=False, timeout=10)


def ring_after_commit(name: str) -> None:
    """Once this transaction is committed, wake a worker for the duty `name`."""
    db.session.info.setdefault("bells", set()).add(name)


def connect(app: Flask) -> None:
    """Let every new promise in a committed transaction ring by itself."""
    if not event.contains(Session, "after_flush", _note_promises):
        event.listen(Session, "after_flush", _note_promises)
        event.listen(Session, "after_commit", _ring_noted)
        event.listen(Session, "after_rollback", _forget_noted)


def _note_promises(session: Session, context: Any) -> None:
    now = clock.now()
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Leased) and row.due_at and row.due_at <= now and row.leased_by is None:
            session.info.setdefault("bells", set()).add(type(row).__tablename__)  # type: ignore[attr-defined]


def _ring_noted(session: Session) -> None:
    for name in session.info.pop("bells", ()):
        ring(name)


def _forget_noted(session: Session) -> None:
    session.info.pop("bells", None)


def ring(name: str, *, after: int = 0) -> None:
    """Wake a worker, now or `after` seconds. A queue that is down costs a minute: the sweeper rings again."""
    bell = current_app.extensions["ring"]
    try:
        bell.schedule(args=(name,), delay=after) if after else bell(name)
    except Exception as error:  # noqa: BLE001 – any broker's error: the row is safe, and left to the sweeper
        log.warning("doorbell.silent", duty=name, error=type(error).__name__)
