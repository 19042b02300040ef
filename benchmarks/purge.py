"""Purge: rows per second against hand-written set-based deletes, and statements that rows do not multiply.

2,000 customers of whom 500 leave, 100 visits each. The yardstick deletes the same rows by plain statements
on a copy of the same file; the portal's part is the whole transaction off the data map, every table of it.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import event, insert, select

from benchmarks import Figure
from portal.accounts.models import Customer, Kind, Role, User
from portal.accounts.service import make_customer, make_user
from portal.app import create_app
from portal.core.database import db, new_id
from portal.erasure.rehearsal import datamap
from portal.signin.models import Visit, Way

CUSTOMERS, LEAVING, VISITS = 2_000, 500, 100
SHARE = 0.7  # of the yardstick, which touches three tables; the map touches all of them
PLAIN = (
    "delete from visit where user_id in (select id from user where customer_id in (select id from leaving))",
    "delete from user where customer_id in (select id from leaving)",
    "delete from customer where id in (select id from leaving)",
)


def run() -> Iterator[Figure]:
    """Speed against plain SQL, and statements for 5 against 500 customers."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        app = create_app({"PORTAL_INSTANCE_PATH": folder})
        with app.app_context():
            db.create_all()
            leaving = _fill()
            db.session.remove()
            db.engine.dispose()
        file = Path(folder) / "portal.sqlite3"
        copy = Path(shutil.copy(file, Path(folder) / "plain.sqlite3"))
        plain = _plain_seconds(copy, leaving)
        few, _ = _mapped(app, leaving[:5])
        many, mapped = _mapped(app, leaving[5:])
    share = (plain / LEAVING) / (mapped / (LEAVING - 5))
    yield Figure("speed of the map's deletes against plain SQL", share, SHARE, "×", more_is_better=True)
    yield Figure("statements for 495 customers beyond those for 5", many - few, 0)


def _fill() -> list[UUID]:
    for _ in range(CUSTOMERS):
        customer = make_customer(Kind.INDIVIDUAL)
        name = f"p{new_id().hex}"
        make_user(customer, full_name=name, email=f"{name}@example.com", role=Role.ADMIN, locale="vi")
    db.session.commit()
    row = {"way": Way.PASSWORD, "ip": "203.0.113.7", "browser": "Firefox 150", "system": "Linux"}
    for user_id in db.session.scalars(select(User.id)).all():
        db.session.execute(insert(Visit), [{"id": new_id(), "user_id": user_id, **row} for _ in range(VISITS)])
    db.session.commit()
    return list(db.session.scalars(select(Customer.id).order_by(Customer.id).limit(LEAVING)))


def _plain_seconds(file: Path, leaving: list[UUID]) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("foreign_keys=on", "secure_delete=on", "journal_mode=wal"):
        connection.execute(f"pragma {pragma}")
    connection.execute("create temp table leaving (id text primary key)")
    connection.executemany("insert into leaving values (?)", [(each.hex,) for each in leaving])
    started = time.perf_counter()
    connection.execute("begin immediate")
    for statement in PLAIN:
        connection.execute(statement)
    connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def _mapped(app: Flask, leaving: list[UUID]) -> tuple[int, float]:
    """How many statements, and seconds."""
    with app.app_context():
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
        dialect, going = db.engine.dialect.name, datamap()
        started = time.perf_counter()
        for statement in going.forgetting("customer", leaving, dialect):
            db.session.execute(statement, execution_options={"synchronize_session": False})
        for statement in going.erasing("customer", leaving, dialect):
            db.session.execute(statement, execution_options={"synchronize_session": False})
        db.session.commit()
        seconds = time.perf_counter() - started
        db.session.remove()
        db.engine.dispose()
        return len(seen), seconds
