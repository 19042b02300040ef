"""A row in every table that reaches a person, a mark of its own in every text column: off the data map."""

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Uuid,
    insert,
)
from sqlalchemy.exc import IntegrityError

from portal.core import clock
from portal.core.database import db, new_id
from portal.core.datamap import DataMap
from portal.storage import opened
from portal.storage.files import user_prefix

ALREADY = ("customer", "user")
IDLE = ("due_at", "leased_until", "leased_by", "dead_at")
FIXED = {"locale": "vi"}
MARK = re.compile(rb"zq[0-9a-f]{8}")


_made: set[str] = set()
"""All marks of this process: with a hundred thousand of them two are alike by chance in one run of nine, and then the
mark of who stays is taken for what is left of who went."""


@dataclass
class Planted:
    """What was put in: the marks, and the rows by table."""

    marks: set[str] = field(default_factory=set)
    rows: dict[str, Any] = field(default_factory=dict)

    def found_in(self, folder: Path) -> dict[str, set[str]]:
        """The marks that each file under `folder` holds."""
        found = {}
        for file in folder.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            if here := {match.decode() for match in MARK.findall(content)} & self.marks:
                found[str(file.relative_to(folder))] = here
        return found

    def mark(self) -> str:
        """A new mark: short, as the residue of a rebalanced page is a piece of a row."""
        made = f"zq{secrets.token_hex(4)}"
        while made in _made:
            made = f"zq{secrets.token_hex(4)}"
        _made.add(made)
        self.marks.add(made)
        return made


def plant(customer_id: UUID, user_id: UUID, *, rows: int = 1) -> Planted:
    """Fill every owned table with `rows` rows; `Planted.rows` knows the last ones. The caller commits."""
    planted = Planted(rows={"customer": customer_id, "user": user_id})
    owned: DataMap = current_app.extensions["datamap"]
    names = {table.name for table in owned.tables("customer")} - set(ALREADY)
    for table in db.metadata.sorted_tables:
        if table.name in names:
            for _ in range(rows):
                _plant_row(table, planted)
    return planted


def plant_file(customer_id: UUID, user_id: UUID, name: str = "planted.txt") -> str:
    """A sealed file of the user; its path."""
    path = user_prefix(customer_id, user_id) + name
    opened.keys().make(customer_id)
    with opened.files().writer(customer_id, path) as file:
        file.write(b"what was uploaded")
    return path


def _plant_row(table: Table, planted: Planted) -> None:
    before = set(planted.marks)
    values = {c.name: _value(c, planted) for c in table.columns if not _is_numbered(c)}
    if table.info.get("shared"):
        planted.marks = before
    try:
        with db.session.begin_nested():
            done = db.session.execute(insert(table).values(**values))
    except IntegrityError:  # one per person is all that this table takes
        assert table.name in planted.rows, table.name
        planted.marks = before
        return
    planted.rows[table.name] = values.get("id") or done.inserted_primary_key[0]


def _is_numbered(column: Column[Any]) -> bool:
    return column.primary_key and isinstance(column.type, Integer) and not column.foreign_keys


def _value(column: Column[Any], planted: Planted) -> Any:
    if column.foreign_keys:
        return _parent(next(iter(column.foreign_keys)).column.table, planted)
    if column.primary_key and isinstance(column.type, Uuid):
        return new_id()
    if column.name in IDLE:
        return None
    if column.name in FIXED:
        return FIXED[column.name]
    return _typed(column.type, planted)


def _typed(kind: Any, planted: Planted) -> Any:
    kind = getattr(kind, "impl_instance", kind)
    if isinstance(kind, Enum):
        return kind.enum_class(kind.enums[0]) if kind.enum_class else kind.enums[0]
    makers: list[tuple[type, Any]] = [
        (DateTime, clock.now),
        (Date, lambda: clock.now().date()),
        (Boolean, lambda: False),
        (Integer, lambda: 1 + secrets.randbelow(10**6)),
        (Numeric, lambda: 1),
        (Uuid, new_id),
        (JSON, lambda: [planted.mark()]),
        (LargeBinary, lambda: planted.mark().encode()),
        (String, planted.mark),
    ]
    return next(make() for known, make in makers if isinstance(kind, known))


def _parent(table: Table, planted: Planted) -> Any:
    if table.name not in planted.rows:
        _plant_row(table, planted)
    return planted.rows[table.name]


def snapshot(*, leave_out: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, to be compared."""
    tables = [table for table in db.metadata.sorted_tables if table.name not in leave_out]
    return {t.name: sorted(tuple(map(repr, row)) for row in db.session.execute(t.select())) for t in tables}
