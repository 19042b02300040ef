"""My data: everything held about one person, read off the data map, not off a list (clauses 4.4, 9.1)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Column, Select, Table, func, select

from portal.accounts.models import User
from portal.core.categories import CATEGORY_WORDS, PURPOSE_WORDS, SOURCE_WORDS, Category
from portal.core.database import db
from portal.core.datamap import DataMap, Held
from portal.transparency.categories import CATEGORY_SENTENCES, opens_customers_part
from portal.transparency.items import Item, Opened, Place, Said, Section, Summary
from portal.transparency.values import is_empty, readable

PAGE_SIZE = 25
LARGEST_KEY = 2**63 - 1


def the_map() -> DataMap:
    """The data map of the running app."""
    found: DataMap = current_app.extensions["datamap"]
    return found


def summaries(user: User) -> list[Summary]:
    """Every category, the empty ones too, with how many items this person sees there; one statement."""
    counts = _counts(user)
    return [
        Summary(
            category,
            CATEGORY_WORDS[category],
            CATEGORY_SENTENCES[category],
            sum(_items(user, table, category, counts) for table in _tables(user, category)),
            _is_part_hidden(user, category),
        )
        for category in Category
    ]


def _items(user: User, table: Table, category: Category, counts: dict[str, int]) -> int:
    root = _root_row(user, table)
    if root is None:
        return counts[table.name]
    return sum(not is_empty(getattr(root, c.key)) for c, _said in the_map().held_columns(table, category))


def _counts(user: User) -> dict[str, int]:
    tables = {t.name: t for category in Category for t in _tables(user, category) if _root_row(user, t) is None}
    if not tables:
        return {}
    parts = [
        select(func.count()).select_from(table).where(_theirs(user, table)).scalar_subquery().label(name)
        for name, table in tables.items()
    ]
    return dict(db.session.execute(select(*parts)).mappings().one())


def opened(user: User, category: Category, place: Place | None = None) -> Opened:
    """One category, item by item; `place` goes on in one of its sections."""
    sections = [_section(user, table, category, place) for table in _tables(user, category)]
    return Opened(
        category,
        CATEGORY_WORDS[category],
        CATEGORY_SENTENCES[category],
        sections,
        _is_part_hidden(user, category),
    )


def _section(user: User, table: Table, category: Category, place: Place | None) -> Section:
    columns = the_map().held_columns(table, category)
    root = _root_row(user, table)
    before = _key(table, place.before) if place and place.table == table.name else None
    found = [_of_root(root, columns)] if root else db.session.execute(_latest(user, table, columns, before)).all()
    said = [_said(table, held) for _column, held in columns]
    shown = found[:PAGE_SIZE]
    return Section(
        name=table.name,
        label=table.info["label"],
        columns=said,
        rows=[_row(row[1:], columns, said) for row in shown],
        is_single=root is not None,
        older=str(shown[-1][0]) if len(found) > PAGE_SIZE else None,
        is_first_page=before is None,
    )


def _row(values: Sequence[Any], columns: Sequence[tuple[Column[Any], Held]], said: Sequence[Said]) -> list[Item]:
    items = []
    for value, (_column, held), words in zip(values, columns, said, strict=True):
        is_held = bool(value) if held.withheld else not is_empty(value)
        items.append(Item(words, "" if held.withheld else readable(value, held.words), is_held))
    return items


def _of_root(row: Any, columns: Sequence[tuple[Column[Any], Held]]) -> tuple[Any, ...]:
    values = (getattr(row, column.key) for column, _held in columns)
    kept = (not is_empty(v) if held.withheld else v for v, (_c, held) in zip(values, columns, strict=True))
    return (row.id, *kept)


def _latest(user: User, table: Table, columns: Sequence[tuple[Column[Any], Held]], before: Any) -> Select[Any]:
    root, owner_id = _owner(user, table)
    key = next(iter(table.primary_key.columns))
    wanted = [c.is_not(None).label(c.name) if held.withheld else c for c, held in columns]
    query = the_map().latest(table, root, owner_id, before=before, size=PAGE_SIZE + 1)
    return query.with_only_columns(key.label("key_of_row"), *wanted)


def _said(table: Table, held: Held) -> Said:
    keep = the_map().keep(table, held).words
    return Said(held.label, PURPOSE_WORDS[held.purpose], SOURCE_WORDS[held.source], keep, held.withheld)


def _tables(user: User, category: Category) -> list[Table]:
    """What this person sees of a category: themselves, their customer, then what came with time."""
    seen = [table for table in the_map().tables_of(category) if _is_seen_by(user, table, category)]
    return sorted(seen, key=lambda table: (_root_row(user, table) is None, the_map().nearest(table) != "user"))


def _is_seen_by(user: User, table: Table, category: Category) -> bool:
    nearest = the_map().nearest(table)
    return nearest == "user" or (nearest == "customer" and user.may(opens_customers_part(category)))


def _is_part_hidden(user: User, category: Category) -> bool:
    is_partly_customers = any(the_map().nearest(t) == "customer" for t in the_map().tables_of(category))
    return is_partly_customers and not user.may(opens_customers_part(category))


def _theirs(user: User, table: Table) -> Any:
    root, owner_id = _owner(user, table)
    return the_map().owned(table, root, [owner_id])


def _owner(user: User, table: Table) -> tuple[str, UUID]:
    root = the_map().nearest(table)
    return root, user.id if root == "user" else user.customer_id


def _root_row(user: User, table: Table) -> Any:
    roots: dict[str, Any] = {"user": user, "customer": user.customer}
    return roots.get(table.name)


def _key(table: Table, text: str) -> Any:
    """The key in an address, or nothing (the first page is shown) where it cannot be one of the table's."""
    kind = next(iter(table.primary_key.columns)).type.python_type
    try:
        key = kind(text)
    except ValueError:
        return None
    return None if isinstance(key, int) and abs(key) > LARGEST_KEY else key
