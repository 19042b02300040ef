"""The data map: every column that holds personal data says so where it is declared.

Category, purpose, source and keep-until stand in each column's `info`; whose a row is follows from its owner
key, climbed up to a user or a customer. My data, the export, the rehearsal, the erasure and the age sweep are
all read off this one map, so none of them can forget a table (clauses 4.4, 8.3, 9.1; Law 91/2025 Art. 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Delete,
    ForeignKey,
    Index,
    MetaData,
    Select,
    Table,
    Update,
    Uuid,
    bindparam,
    delete,
    event,
    func,
    not_,
    select,
    update,
)
from sqlalchemy.orm import MappedColumn, mapped_column

from portal.core.categories import Category, Purpose, Source


@dataclass(frozen=True)
class Keep:
    """Until when something is kept: words for a person, and days after the column `since` where age ends it."""

    words: LazyString
    days: int | None = None
    since: str | None = None


WHILE_CUSTOMER = Keep(_l("As long as your contract runs, then at most 30 days"))


def for_days(days: int, *, since: str) -> Keep:
    """Kept for `days` days after the time in column `since`, then dropped by the sweep."""
    return Keep(_l("%(days)d days, or until the account is erased", days=days), days, since)


@dataclass(frozen=True)
class Held:
    """What the map says of one column that holds personal data."""

    label: LazyString
    category: Category
    purpose: Purpose
    source: Source
    keep: Keep | None = None
    withheld: LazyString | None = None
    words: Mapping[Any, Any] | None = None


def held(
    *args: Any,
    label: LazyString,
    category: Category,
    purpose: Purpose = Purpose.SERVICE,
    source: Source = Source.YOU,
    keep: Keep | None = None,
    withheld: LazyString | None = None,
    words: Mapping[Any, Any] | None = None,
    **kwargs: Any,
) -> MappedColumn[Any]:
    """A column of personal data.

    `withheld` says why its value is never shown (a secret); `words` says in plain words what each value of a
    small set means (an enum, a list of such, a language).
    """
    said = Held(label, category, purpose, source, keep, withheld, words)
    return mapped_column(*args, info={"held": said}, **kwargs)


def technical(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """A column that says nothing about a person beyond the row's own existence."""
    return mapped_column(*args, info={"held": None}, **kwargs)


def owner(target: str, *, nullable: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """The key that says whose the row is: it goes when that one goes. Indexed with the table's own key."""
    return mapped_column(ForeignKey(target), nullable=nullable, info={"held": None, "role": "owner"}, **kwargs)


def mention(target: str, **kwargs: Any) -> MappedColumn[Any]:
    """A key to somebody whose the row is not: emptied when that one goes."""
    kwargs.setdefault("index", True)
    return mapped_column(ForeignKey(target), nullable=True, info={"held": None, "role": "mention"}, **kwargs)


def table(label: LazyString, *, keep: Keep = WHILE_CUSTOMER) -> dict[str, Any]:
    """What a table with personal data puts into its `__table_args__`."""
    return {"info": {"label": label, "keep": keep}}


def shared(why: str) -> dict[str, Any]:
    """For a table that belongs to nobody: `why` it holds no personal data, for the processing register."""
    return {"info": {"shared": why}}


def outsiders(label: LazyString, *, keep: Keep) -> dict[str, Any]:
    """For people without an account: nobody's closing ends these rows, so their age must."""
    if keep.days is None:
        raise ValueError("rows of people without an account must end by age")
    return {"info": {"label": label, "keep": keep, "outsiders": True}}


class DataMap:
    """The map as read off `metadata`, with the statements that follow from it.

    `root` is "customer" or "user": a customer's erasure takes its users along; a user's leaves the customer.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.metadata = metadata

    @cached_property
    def paths(self) -> dict[str, list[Column[Any]]]:
        """For each owned table the owner keys to climb, first its own; root tables have what is above them."""
        return {t.name: self._climb(t) for t in self.metadata.sorted_tables if self._owner_key(t) is not None}

    def tables(self, root: str) -> list[Table]:
        """The tables whose rows go when a `root` goes, parents first, the root itself included."""
        return [t for t in self.metadata.sorted_tables if t.name == root or self._reaches(t, root)]

    def nearest(self, table: Table) -> str:
        """Whose the table's rows are at the closest: "user" or "customer"; "outsiders" without either."""
        names = [
            table.name,
            *(key.column.table.name for fk in self.paths.get(table.name, []) for key in fk.foreign_keys),
        ]
        return next((name for name in names if name in ("user", "customer")), "outsiders")

    def held_columns(self, table: Table, category: Category | None = None) -> list[tuple[Column[Any], Held]]:
        """The columns of personal data, each with what the map says of it; of one category when given."""
        pairs = [(c, c.info["held"]) for c in table.columns if c.info.get("held")]
        return [(c, h) for c, h in pairs if category is None or h.category == category]

    def tables_of(self, category: Category) -> list[Table]:
        """The tables with at least one column in `category`."""
        return [t for t in self.metadata.sorted_tables if self.held_columns(t, category)]

    def keep(self, table: Table, said: Held) -> Keep:
        """The keep-until of a column: its own, or else its table's."""
        keep: Keep = said.keep or table.info.get("keep", WHILE_CUSTOMER)
        return keep

    def owned(self, table: Table, root: str, ids: Select[Any] | Sequence[UUID]) -> ColumnElement[bool]:
        """The condition "belongs to one of these" as nested INs up to the root: no rows fetched."""
        if table.name == root:
            return table.c.id.in_(ids)
        key = self.paths[table.name][0]
        above = _target(key).table
        if above.name == root:
            return key.in_(ids)
        return key.in_(select(above.c.id).where(self.owned(above, root, ids)))

    def page(self, table: Table, root: str, person: UUID, *, after: Any = None, size: int = 2000) -> Select[Any]:
        """One keyset page of somebody's rows in the order of the primary key, after the key `after`."""
        key = next(iter(table.primary_key.columns))
        query = select(table).where(self.owned(table, root, [person])).order_by(key).limit(size)
        return query if after is None else query.where(key > after)

    def latest(self, table: Table, root: str, person: UUID, *, before: Any = None, size: int = 25) -> Select[Any]:
        """One keyset page of somebody's rows, the newest first (ids grow with time), before the key `before`."""
        key = next(iter(table.primary_key.columns))
        query = select(table).where(self.owned(table, root, [person])).order_by(key.desc()).limit(size)
        return query if before is None else query.where(key < before)

    def count(self, table: Table, root: str, ids: Sequence[UUID], dialect: str) -> Select[Any]:
        """How many rows of `table` would go with these: the rehearsal and the ledger's counts."""
        return select(func.count()).select_from(table).where(self.owned(table, root, batch(ids, dialect)))

    def forgetting(self, root: str, ids: Sequence[UUID], dialect: str) -> Iterator[Update]:
        """Empty every mention of what goes; rows that go anyway are not rewritten first."""
        chosen, going = batch(ids, dialect), self.tables(root)
        for table in self.metadata.sorted_tables:
            for key in _keys(table, "mention"):
                target = _target(key).table
                if target not in going:
                    continue
                hit: ColumnElement[bool] = key.in_(select(target.c.id).where(self.owned(target, root, chosen)))
                if table in going and not _is_cyclic(key):
                    hit &= not_(self.owned(table, root, chosen))
                yield update(table).where(hit).values({key.name: None})

    def erasing(self, root: str, ids: Sequence[UUID], dialect: str) -> Iterator[Delete]:
        """Set-based deletes, children first: a number of statements that no number of rows changes."""
        chosen = batch(ids, dialect)
        for table in reversed(self.tables(root)):
            yield delete(table).where(self.owned(table, root, chosen))

    def outdated(self, now: datetime) -> Iterator[Delete]:
        """Deletes of all rows whose stated time is over (clause 3.3: kept for a stated time, then dropped)."""
        for table in reversed(self.metadata.sorted_tables):
            keep: Keep | None = table.info.get("keep")
            if keep and keep.days is not None and keep.since:
                yield delete(table).where(table.c[keep.since] < now - timedelta(days=keep.days))

    def _owner_key(self, table: Table) -> Column[Any] | None:
        keys = _keys(table, "owner")
        if len(keys) > 1:
            raise ValueError(f"table {table.name} has two owners")
        return keys[0] if keys else None

    def _climb(self, table: Table) -> list[Column[Any]]:
        key = self._owner_key(table)
        return [] if key is None else [key, *self._climb(_target(key).table)]

    def _reaches(self, table: Table, root: str) -> bool:
        return any(_target(key).table.name == root for key in self.paths.get(table.name, []))


def batch(ids: Sequence[UUID], dialect: str) -> Select[Any]:
    """Any number of ids as one parameter, so that the statement's text never changes."""
    if dialect == "postgresql":
        return select(func.unnest(bindparam("ids", list(ids), type_=ARRAY(Uuid))))
    listed = "[" + ",".join(f'"{i.hex}"' for i in ids) + "]"
    return select(func.json_each(bindparam("ids", listed)).table_valued("value").c.value)


@event.listens_for(Table, "after_parent_attach")
def _index_owner(table: Table, metadata: MetaData) -> None:
    """Somebody's rows, page by page in the order of their key, are read off one index and never sorted."""
    for key in _keys(table, "owner"):
        Index(None, key, *table.primary_key.columns)


def _keys(table: Table, role: str) -> list[Column[Any]]:
    return [c for c in table.columns if c.info.get("role") == role]


def _target(key: Column[Any]) -> Column[Any]:
    return next(iter(key.foreign_keys)).column


def _is_cyclic(key: Column[Any]) -> bool:
    return any(fk.use_alter for fk in key.foreign_keys)
