"""How an acceptance reaches the database before the next letter leaves, at the cost of microseconds.

SQLite: one UPDATE on a connection of the lane's own, committed by itself. PostgreSQL: the same UPDATE in libpq's
pipeline mode, each with a commit of its own; it is in the kernel's hands before the next letter leaves, so it gets
through though this process be killed, and at most WINDOW of them may be unanswered. Where the whole machine is lost
with them, `end_backend` tells that so many are in doubt (docs/decisions/0025).
"""

import select
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text

from portal.core.database import db
from portal.notices.engine.claiming import Held
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState

WINDOW = 8
ANSWER_WITHIN = 30_000
"""Milliseconds after which a database that does not answer counts as lost."""

CHECKPOINT_PAGES = 4_000
"""Pages after which this writer moves SQLite's log into the database: every thousandth letter or so."""

LOOK_EVERY = timedelta(milliseconds=5)
"""How old the state of a notice may be when a quick lane goes on."""

TRIES, NAP = 100, 0.05
_sqlite_writer = threading.Lock()
"""Lanes of one process stand in line here, where they are woken at once; SQLite's own waiters sleep and try again."""


class DatabaseLost(Exception):
    """Nobody answers, or what was told is refused: what of it arrived is unknown."""


class Pen(Protocol):
    """Writes acceptances down."""

    def write(self, held: Held, state: DeliveryState, sent_at: datetime) -> NoticeState | None:
        """Safe against kill -9 on return. How the notice stood lately; None when a row was not this lane's any more."""

    def settle(self) -> bool:
        """Wait until the database has answered for all of them; whether every row was this lane's."""

    def close(self) -> None:
        """Let go of the connection."""


def take_up(lane_id: UUID, notice: Notice) -> Pen:
    """The pen for the database in use."""
    return PipelinePen(lane_id, notice) if db.engine.dialect.name == "postgresql" else SqlitePen(notice)


def _own_connection() -> Any:
    """The driver's connection, prepared as all are, but out of the pool."""
    pooled = db.engine.raw_connection()
    driver = pooled.driver_connection
    pooled.detach()
    return driver


class SqlitePen:
    STATEMENT = """
        update delivery set state = ?, sent_at = ?, answer = null, lane_token = null where id = ? and lane_token = ?
    """
    STANDS = "select state from notice where id = ?"

    def __init__(self, notice: Notice) -> None:
        self._driver = _own_connection()
        self._driver.execute(f"pragma wal_autocheckpoint={CHECKPOINT_PAGES}")
        self._as_stored = _stored(Delivery.__table__.c.sent_at)
        self._notice_id = _stored(Notice.__table__.c.id)(notice.id)
        self._stands, self._looked_at = notice.state, datetime.min.replace(tzinfo=UTC)

    def write(self, held: Held, state: DeliveryState, sent_at: datetime) -> NoticeState | None:
        values = (state.value, self._as_stored(sent_at), held.id, held.token)
        with _sqlite_writer:
            written = self._driver.execute(self.STATEMENT, values).rowcount
        if not written:
            return None
        if sent_at - self._looked_at >= LOOK_EVERY:
            self._stands = NoticeState(self._driver.execute(self.STANDS, (self._notice_id,)).fetchone()[0])
            self._looked_at = sent_at
        return self._stands

    def settle(self) -> bool:
        return True

    def close(self) -> None:
        self._driver.close()


def _stored(column: Any) -> Any:
    """How SQLAlchemy gives a value of this column to the driver."""
    dialect = db.engine.dialect
    return column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


class PipelinePen:
    STATEMENT = b"""
        update delivery set state = $1, sent_at = $2, answer = null, lane_token = null where id = $3 and lane_token = $4
        returning (select state from notice where id = $5)
    """

    def __init__(self, lane_id: UUID, notice: Notice) -> None:
        self._driver = driver = _own_connection()
        driver.autocommit = True
        named = "select set_config('application_name', %s, false), set_config('synchronous_commit', 'off', false)"
        driver.execute(named, [_name(lane_id)])
        self._wire = driver.pgconn
        self._status: Any = db.engine.dialect.loaded_dbapi.pq.ExecStatus
        self._wire.prepare(b"mark", self.STATEMENT)
        self._wire.enter_pipeline_mode()
        self._wire.nonblocking = 1
        self._poll = select.poll()
        self._notice_id = str(notice.id).encode()
        self._stands, self._pending, self._all_mine = notice.state, 0, True

    def write(self, held: Held, state: DeliveryState, sent_at: datetime) -> NoticeState | None:
        values = [state.value, sent_at.isoformat(), str(held.id), held.token]
        self._wire.send_query_prepared(b"mark", [value.encode() for value in values] + [self._notice_id])
        self._wire.pipeline_sync()
        while self._wire.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            self._wire.consume_input()
        self._pending += 1
        if self._pending >= WINDOW:
            self._drain(WINDOW // 2)
        return self._stands if self._all_mine else None

    def settle(self) -> bool:
        self._drain(0)
        were_mine, self._all_mine = self._all_mine, True
        return were_mine

    def close(self) -> None:
        self._driver.close()

    def _drain(self, most: int) -> None:
        while self._pending > most:
            while self._wire.is_busy():
                self._wait(select.POLLIN)
                self._wire.consume_input()
            result = self._wire.get_result()
            if result is None:
                continue
            if result.status == self._status.PIPELINE_SYNC:
                self._pending -= 1
            elif result.status == self._status.TUPLES_OK:
                self._read(result)
            else:
                raise DatabaseLost

    def _read(self, result: Any) -> None:
        if not result.ntuples:
            self._all_mine = False
            return
        self._stands = NoticeState(result.get_value(0, 0).decode())

    def _wait(self, events: int) -> None:
        self._poll.register(self._wire.socket, events)
        if not self._poll.poll(ANSWER_WITHIN):
            raise DatabaseLost


def _name(lane_id: UUID) -> str:
    return f"portal-lane {lane_id}"


def end_backend(lane_id: UUID) -> bool:
    """Wait until nothing that a dead run of this lane said is still on its way into the database.

    A killed process's last words are read within milliseconds, and its connection ends. Whatever does not end is ended
    (the machine is lost, and its words with it): True then, and as many as WINDOW acceptances may have got lost.
    """
    if db.engine.dialect.name != "postgresql":
        return False
    if _is_gone(lane_id):
        return False
    _ask(text("select pg_terminate_backend(:pid)"), pid=_backend(lane_id))
    _is_gone(lane_id)
    return True


def _is_gone(lane_id: UUID) -> bool:
    for _ in range(TRIES):
        if _backend(lane_id) is None:
            return True
        _ask(text("select pg_sleep(:seconds)"), seconds=NAP)
    return False


def _backend(lane_id: UUID) -> int | None:
    named = "select pid from pg_stat_activity where datname = current_database() and application_name = :name"
    pid: int | None = _ask(text(named), name=_name(lane_id))
    return pid


def _ask(statement: Any, **values: Any) -> Any:
    found = db.session.execute(statement, values).scalar()
    db.session.commit()
    return found
