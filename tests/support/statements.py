"""Counting SQL statements, begin and commit left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from portal.core.database import db


class Statements(list[str]):
    """The texts of the statements sent while listening."""


@contextmanager
def counted(app: Flask) -> Iterator[Statements]:
    """Everything that the app sends to its database inside."""
    seen = Statements()

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lower().startswith("begin"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
