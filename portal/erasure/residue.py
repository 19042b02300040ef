"""What a DELETE leaves behind, and how to be rid of it (DECISIONS 11).

On SQLite secure_delete alone leaves about a thousandth of the deleted values in rebalanced pages, and
full-text indexes keep their terms; VACUUM with a truncated WAL before and after leaves nothing. On PostgreSQL
the data files follow at the next `retention compact`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog
from flask import current_app
from flask_babel import to_user_timezone
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from portal.core import clock
from portal.core.database import db

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5
BUSY_MS = 10_000
BYTES_PER_SECOND = 20_000_000  # of VACUUM on a slow disk
LOCK_TIMEOUT = "5s"
ADVISORY_LOCK = 7_260_002
OFF_PEAK = (6, 3)  # Sunday, three o'clock in the portal's time zone


def files() -> list[Path]:
    """The SQLite files of this portal: the database and the queue, as far as they are SQLite's."""
    found = []
    if db.engine.dialect.name == "sqlite":
        found.append(Path(str(db.engine.url.database)))
    queue = getattr(current_app.extensions["queue"].storage, "filename", None)
    return found + ([Path(queue)] if queue else [])


def seconds_needed() -> int:
    """How long compacting may take at worst, so that the lease outlives it."""
    return sum(file.stat().st_size for file in files() if file.exists()) // BYTES_PER_SECOND


def compact_after_purge() -> bool:
    """Every byte that a purge left in files of ours; False while a reader or a writer is in the way.

    On PostgreSQL there is nothing to do at once: the receipt says when its files follow (DECISIONS 11).
    """
    return all(_compact_sqlite(file) for file in files() if file.exists())


def compact() -> bool:
    """The whole residue step now, on either database; False when something was in the way."""
    is_done = compact_after_purge()
    return _compact_postgresql() and is_done if db.engine.dialect.name == "postgresql" else is_done


def weekly() -> None:
    """Compact PostgreSQL once a week, off-peak; called every hour."""
    local = to_user_timezone(clock.now())
    if db.engine.dialect.name == "postgresql" and (local.weekday(), local.hour) == OFF_PEAK:
        _compact_postgresql()


def _compact_sqlite(file: Path) -> bool:
    connection = sqlite3.connect(file, isolation_level=None, timeout=BUSY_MS / 1000)
    with closing(connection):
        for pragma in ("secure_delete=on", "temp_store=memory"):
            connection.execute(f"pragma {pragma}")
        try:
            _forget_terms(connection)
            connection.execute("pragma wal_checkpoint(truncate)")
            connection.execute("vacuum")
            busy, *_ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.OperationalError as error:
            log.info("residue.busy", file=file.name, code=error.sqlite_errorname)
            return False
    return not busy


def _forget_terms(connection: sqlite3.Connection) -> None:
    tables = connection.execute("select name from sqlite_master where sql like '%using fts5%'").fetchall()
    for (name,) in tables:
        connection.execute(f'insert into "{name}"("{name}") values (\'optimize\')')


def _compact_postgresql() -> bool:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK}):
            return True  # another worker is at it
        try:
            return _rewrite_tables(connection)
        finally:
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": ADVISORY_LOCK})


def _rewrite_tables(connection: Connection) -> bool:
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    names = [table.name for table in db.metadata.sorted_tables]
    answers = [_said_yes(connection, f'vacuum (full, analyze) "{name}"') for name in names]
    if connection.scalar(text("select rolsuper from pg_roles where rolname = current_user")):
        # statistics keep samples of values, and the log of changes keeps all until it is recycled
        for statement in ("vacuum (full) pg_statistic", *("select pg_switch_wal()", "checkpoint") * 2):
            answers.append(_said_yes(connection, statement))
    connection.execute(text("reset lock_timeout"))
    return all(answers)


def _said_yes(connection: Connection, statement: str) -> bool:
    try:
        connection.execute(text(statement))
    except DBAPIError as error:  # one table that is in use must not keep the others from being compacted
        log.info("residue.busy", statement=statement, error=type(error).__name__)
        return False
    return True


def is_embedded() -> bool:
    """Whether `purged` means that no byte is left in the database's files (SQLite)."""
    return db.engine.dialect.name == "sqlite"
