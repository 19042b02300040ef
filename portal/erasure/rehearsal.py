"""The purge run dry: what goes, counted off the data map. Page, ledger and receipt read the same numbers."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, Table, func, literal_column, select, union_all

from portal.accounts.models import User
from portal.core.database import db
from portal.core.datamap import DataMap, batch
from portal.erasure.models import Scope
from portal.storage import opened
from portal.storage.files import customer_prefix, user_prefix
from portal.storage.place import Missing

FILES = "files"
OWN_WORDS = {
    "user": _l("Accounts of people"),
    "customer": _l("The customer's own record"),
    FILES: _l("Files"),
}


@dataclass(frozen=True)
class Line:
    """So many of one kind of thing."""

    name: str
    label: LazyString | str
    count: int


@dataclass(frozen=True)
class Rehearsal:
    """What would go now. `size` is in bytes, as stored; `people` says who goes, the asker included."""

    scope: Scope
    lines: list[Line]
    files: int
    size: int
    people: int


def datamap() -> DataMap:
    """The running app's map."""
    found: DataMap = current_app.extensions["datamap"]
    return found


def rehearse(user: User, scope: Scope) -> Rehearsal:
    """What closing would erase for this person, as of now; writes nothing."""
    root, root_id = ("customer", user.customer_id) if scope == Scope.CUSTOMER else ("user", user.id)
    counted = count_rows(root, [root_id])[root_id]
    lines = [Line(name, label(name), n) for name, n in counted.items() if n]
    files, size = measure_files(prefix_of(scope, user.customer_id, user.id))
    return Rehearsal(scope, lines, files, size, counted["user"])


def label(name: str) -> LazyString | str:
    """What a count is of, in words for a person; tables of a later or an earlier day keep their own name."""
    known = datamap().metadata.tables
    return OWN_WORDS.get(name) or (known[name].info.get("label", name) if name in known else name)


def side_by_side(rehearsals: Sequence[Rehearsal]) -> list[tuple[Any, list[int]]]:
    """The lines of several rehearsals as one table: what, and how many in each; the most first."""
    labels = {line.name: line.label for rehearsal in rehearsals for line in rehearsal.lines}
    counted = [{line.name: line.count for line in rehearsal.lines} for rehearsal in rehearsals]
    rows = [(label, [counts.get(name, 0) for counts in counted]) for name, label in labels.items()]
    return sorted(rows, key=lambda row: row[1], reverse=True)


def count_rows(root: str, ids: Sequence[UUID]) -> dict[UUID, Counter[str]]:
    """For each id how many rows of each table would go with it; one statement for all of it."""
    going = datamap()
    counted = {root_id: Counter[str]() for root_id in ids}
    parts = [_counting(table, root, ids) for table in going.tables(root)]
    for name, root_id, count in db.session.execute(union_all(*parts)):
        counted[root_id][name] = count
    return counted


def _counting(table: Table, root: str, ids: Sequence[UUID]) -> Select[Any]:
    """`table`'s rows by the root they belong to: joined upwards along the owner keys."""
    name: Any = literal_column(f"'{table.name}'").label("name")
    chosen = batch(ids, db.engine.dialect.name)
    if table.name == root:
        return select(name, table.c.id.label("root"), func.count()).where(table.c.id.in_(chosen)).group_by(table.c.id)
    joined: Any = table
    for key in datamap().paths[table.name]:
        above = next(iter(key.foreign_keys)).column.table
        if above.name == root:
            return (
                select(name, key.label("root"), func.count()).select_from(joined).where(key.in_(chosen)).group_by(key)
            )
        joined = joined.join(above, key == above.c.id)
    raise LookupError(f"table {table.name} does not reach {root}")


def prefix_of(scope: Scope, customer_id: UUID, user_id: UUID | None) -> str:
    """Where the files lie that go."""
    if scope == Scope.CUSTOMER or user_id is None:
        return customer_prefix(customer_id)
    return user_prefix(customer_id, user_id)


def measure_files(prefix: str) -> tuple[int, int]:
    """How many files lie under a prefix, and their bytes as stored."""
    store, sizes = opened.store(), []
    for path in store.list(prefix):
        with suppress(Missing):  # removed by its owner while we looked
            sizes.append(store.size(path))
    return len(sizes), sum(sizes)
