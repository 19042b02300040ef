"""The data map is whole: no table and no column about a person is forgotten (clauses 4.4, 8.3, 9.1)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import Column, Enum, Table, UniqueConstraint, inspect

from portal.app import create_app
from portal.core.categories import CATEGORY_WORDS, PURPOSE_WORDS, SOURCE_WORDS, Category, Purpose, Source
from portal.core.database import db
from portal.core.datamap import DataMap
from portal.transparency.categories import CATEGORY_SENTENCES

ROOTS = ("customer", "user")


@pytest.fixture(scope="module")
def datamap(tmp_path_factory: pytest.TempPathFactory) -> DataMap:
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path_factory.mktemp("map"))})
    found: DataMap = app.extensions["datamap"]
    return found


def is_owned(datamap: DataMap, table: Table) -> bool:
    return table.name in ROOTS or table.name in datamap.paths


def keys(table: Table, *roles: str) -> Iterator[Column[object]]:
    return (c for c in table.columns if c.info.get("role") in roles)


def test_every_table_says_whose_it_is_or_why_it_is_nobodys(datamap: DataMap) -> None:
    silent = [
        t.name
        for t in datamap.metadata.sorted_tables
        if not (is_owned(datamap, t) or t.info.get("shared") or t.info.get("outsiders"))
    ]

    assert silent == []


def test_no_table_says_two_things(datamap: DataMap) -> None:
    torn = [
        t.name
        for t in datamap.metadata.sorted_tables
        if t.info.get("shared") and (is_owned(datamap, t) or t.info.get("outsiders"))
    ]

    assert torn == []


def test_every_column_of_a_table_about_people_says_what_it_holds(datamap: DataMap) -> None:
    silent = [
        f"{t.name}.{c.name}"
        for t in datamap.metadata.sorted_tables
        if is_owned(datamap, t) or t.info.get("outsiders")
        for c in t.columns
        if "held" not in c.info
    ]

    assert silent == []


def test_every_table_about_people_has_a_name_for_them(datamap: DataMap) -> None:
    nameless = [
        t.name
        for t in datamap.metadata.sorted_tables
        if (is_owned(datamap, t) or t.info.get("outsiders")) and not t.info.get("label")
    ]

    assert nameless == []


def test_every_key_to_somebodys_row_says_whether_it_owns_or_mentions(datamap: DataMap) -> None:
    silent = [
        f"{t.name}.{c.name}"
        for t in datamap.metadata.sorted_tables
        for c in t.columns
        if any(is_owned(datamap, key.column.table) for key in c.foreign_keys)
        and c.info.get("role") not in ("owner", "mention")
    ]

    assert silent == []


def test_every_such_key_is_indexed_so_that_erasing_stays_quick(datamap: DataMap) -> None:
    slow = [
        f"{t.name}.{c.name}"
        for t in datamap.metadata.sorted_tables
        for c in keys(t, "owner", "mention")
        if not leads_an_index(t, c)
    ]

    assert slow == []


def leads_an_index(table: Table, column: Column[object]) -> bool:
    whole = [index for index in table.indexes if index.dialect_options["sqlite"]["where"] is None]
    leading = [next(iter(index.columns)) for index in whole]
    leading += [next(iter(u.columns)) for u in table.constraints if isinstance(u, UniqueConstraint)]
    leading.append(next(iter(table.primary_key.columns)))
    return any(first is column for first in leading)


def test_a_mention_can_be_emptied(datamap: DataMap) -> None:
    stuck = [
        f"{t.name}.{c.name}"
        for t in datamap.metadata.sorted_tables
        for c in keys(t, "mention")
        if not c.nullable or c.primary_key
    ]

    assert stuck == []


def test_rows_that_may_belong_to_nobody_end_by_age(datamap: DataMap) -> None:
    endless = [
        t.name
        for t in datamap.metadata.sorted_tables
        if t.info.get("outsiders") or any(c.nullable for c in keys(t, "owner"))
        if t.info["keep"].days is None or not t.info["keep"].since
    ]

    assert endless == []


def test_what_ends_by_age_is_found_by_an_index(datamap: DataMap) -> None:
    kept = [(t, t.info["keep"]) for t in datamap.metadata.sorted_tables if t.info.get("keep")]

    slow = [
        f"{t.name}.{keep.since}"
        for t, keep in kept
        if keep.since and not t.c[keep.since].primary_key and not leads_an_index(t, t.c[keep.since])
    ]

    assert slow == []


def test_every_state_and_kind_that_people_read_has_its_words(datamap: DataMap) -> None:
    wordless = [
        f"{t.name}.{c.name}"
        for t in datamap.metadata.sorted_tables
        if is_owned(datamap, t)
        for c, said in datamap.held_columns(t)
        if isinstance(c.type, Enum) and not said.withheld
        if set(c.type.enums) - {str(value) for value in said.words or ()}
    ]

    assert wordless == []


def test_every_category_purpose_and_source_has_its_words() -> None:
    assert set(CATEGORY_WORDS) == set(CATEGORY_SENTENCES) == set(Category)
    assert set(PURPOSE_WORDS) == set(Purpose)
    assert set(SOURCE_WORDS) == set(Source)


def test_a_closing_of_either_root_reaches_every_owned_table(datamap: DataMap) -> None:
    reached = {t.name for t in datamap.tables("customer")}

    assert {t.name for t in datamap.metadata.sorted_tables if is_owned(datamap, t)} == reached


def test_the_migrations_make_the_tables_and_columns_that_the_models_say(tmp_path: Path) -> None:
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})

    with app.app_context():
        upgrade()
        found = inspect(db.engine)
        made = {name: {c["name"] for c in found.get_columns(name)} for name in found.get_table_names()}
        db.engine.dispose()

    made.pop("alembic_version")
    assert made == {t.name: {c.name for c in t.columns} for t in db.metadata.sorted_tables}
