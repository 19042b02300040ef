"""The database: typed models, UTC times, and SQLite that neither loses updates nor leaves deleted bytes behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Engine, Enum, MetaData, String, Uuid, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import registry as Registry  # noqa: N812 (a class by another name)
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(enumeration: type[Any]) -> Enum:
    """A column type for a small enum: its values as text, guarded by a CHECK."""
    return Enum(
        enumeration,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda e: [m.value for m in e],
        name=enumeration.__name__.lower(),
    )


class Base(DeclarativeBase):
    registry = Registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UTCDateTime(), UUID: Uuid(), str: String()},
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False}, engine_options={"hide_parameters": True})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def new_id() -> UUID:
    """A random, never reused id (UUIDv7, RFC 9562); docs/decisions/0001."""
    return uuid7()


_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside only read: on SQLite they wait for no writer and stop none."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def begin_by_method(is_safe: bool) -> None:
    """Called as a web request starts: a safe method (RFC 9110, 9.2.1) reads, any other may write."""
    _reading.set(is_safe)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun inside write, also in a request that otherwise only reads."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


def prepare_sqlite(engine: Engine) -> None:
    """WAL, foreign keys, secure delete, and BEGIN IMMEDIATE for whatever may write (no lost updates)."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=wal",
        "foreign_keys=on",
        "secure_delete=on",
        "synchronous=normal",
        "temp_store=memory",
        "busy_timeout=10000",
    ):
        connection.execute(f"pragma {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("begin" if _reading.get() else "begin immediate")
