"""A portal that runs already keeps its people when it is brought up to date."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError

from portal.app import create_app
from portal.core import clock
from portal.core.database import db, new_id
from tests.support import plugin


@pytest.fixture
def empty(database: str, tmp_path: Path, request: pytest.FixtureRequest):
    """A portal whose database has no tables yet."""
    settings = {"PORTAL_INSTANCE_PATH": str(tmp_path)}
    if database == "postgresql":
        settings["PORTAL_DATABASE_URL"] = plugin.postgres_server(request.config).create_database(f"t_{uuid4().hex}")
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _as_it_is() -> dict[str, Table]:
    tables = MetaData()
    tables.reflect(db.engine)
    return dict(tables.tables)


def _id() -> Any:
    return new_id().hex if db.engine.dialect.name == "sqlite" else new_id()


def _visit_by_a_customer(tables: dict[str, Table]) -> None:
    customer, user, now = _id(), _id(), clock.now()
    texts = dict.fromkeys(("company_name", "business_unit", "address", "search", "package"), "")
    name = dict.fromkeys(("full_name", "search", "phone", "contact_address"), "An")
    rows = {
        "customer": {"id": customer, "kind": "individual", **texts, "products": [], "features": []}
        | {"is_smartos": False, "created_at": now},
        "user": {"id": user, "customer_id": customer, "role": "admin", "granted": [], **name, "locale": "vi"}
        | {"email": "an@example.com", "email_key": "an@example.com", "email_verified_at": now, "created_at": now},
        "visit": {"id": _id(), "user_id": user, "at": now, "way": "password", "ip": "", "browser": "", "system": ""},
        "sign_in": {"id": _id(), "user_id": user, "secret_hash": "x", "started_at": now, "last_seen_at": now}
        | {"ip": "", "browser": "", "system": ""},
    }
    with db.engine.begin() as connection:
        for table, row in rows.items():
            connection.execute(insert(tables[table]).values(row))


def test_people_of_the_first_release_stay_when_the_tables_change(empty):
    upgrade(revision="0001")
    _visit_by_a_customer(_as_it_is())

    upgrade()

    tables = _as_it_is()
    with db.engine.begin() as connection:
        assert connection.execute(select(tables["visit"].c.way)).scalars().all() == ["password"]
        assert connection.execute(select(tables["sign_in"].c.way, tables["sign_in"].c.is_strong)).all() == [
            ("password", False)
        ]
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_the_new_ways_in_are_allowed_and_others_are_not(empty):
    upgrade(revision="0001")
    _visit_by_a_customer(_as_it_is())
    upgrade()
    visit = _as_it_is()["visit"]

    with db.engine.begin() as connection:
        connection.execute(visit.update().values(way="google"))

    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(visit.update().values(way="by the window"))


def test_the_way_back_and_forth_works(empty):
    upgrade()

    downgrade(revision="0001")
    upgrade()

    assert "passkey" in _as_it_is()
