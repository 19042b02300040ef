"""Exports: memory that does not grow with what is held, progress each second, speed against SQL to CSV alone.

One person has 10,000 visits, then 1,000,000; each size is filled and built in processes of its own, so that
the peak of memory is the build's.
"""

import csv
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, select

from benchmarks import Figure
from portal.accounts.models import Kind, Role, User
from portal.accounts.service import make_customer, make_user
from portal.app import create_app
from portal.core import clock
from portal.core.database import db, new_id
from portal.exports import service
from portal.exports.models import Export, Scope
from portal.signin.models import Visit, Way
from portal.work import runner

FEW, MANY = 10_000, 1_000_000
BATCH = 10_000
GROWTH_MB = 64
EVERY_SECONDS = 1.0
SPEED_SHARE = 0.02


def run() -> Iterator[Figure]:
    """The figures of issue 2."""
    few, many = _measured(FEW), _measured(MANY)
    yield Figure("peak memory, 10 thousand to 1 million rows", many["peak_mb"] - few["peak_mb"], GROWTH_MB, "MB")
    yield Figure("longest time without progress, 1 million rows", many["longest_gap"], EVERY_SECONDS, "s")
    share = many["raw_seconds"] / many["seconds"]
    yield Figure("speed against sqlite3 to CSV alone", share, SPEED_SHARE, "×", more_is_better=True)
    linear = (many["seconds"] / MANY) / (few["seconds"] / FEW)
    yield Figure("time per row, 1 million against 10 thousand", linear, 2, "×")


def _measured(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _child("fill", str(rows), folder)
        return json.loads(_child("build", str(rows), folder))


def _child(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.exports", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]


def fill(rows: int, folder: str) -> dict[str, Any]:
    """One person with that many visits, who asks for an export."""
    app = create_app({"PORTAL_INSTANCE_PATH": folder})
    with app.app_context():
        db.create_all()
        customer = make_customer(Kind.INDIVIDUAL)
        user = make_user(customer, full_name="Trần Văn Bảo", email="bao@example.com", role=Role.ADMIN, locale="vi")
        db.session.commit()
        for _ in range(rows // BATCH):
            db.session.execute(insert(Visit), [_visit(user) for _ in range(BATCH)])
            db.session.commit()
        service.request(user, scope=Scope.ME, categories=[], include_files=False)
        db.session.commit()
    return {}


def _visit(user: User) -> dict[str, Any]:
    seen = {"ip": "203.0.113.7", "browser": "Chrome 141", "system": "Windows 11"}
    return {"id": new_id(), "user_id": user.id, "at": clock.now(), "way": Way.PASSWORD, **seen}


def build(rows: int, folder: str) -> dict[str, float]:
    """Build it; seconds, peak memory, the longest time between two writings of the progress."""
    app = create_app({"PORTAL_INSTANCE_PATH": folder})
    with app.app_context():
        told: list[float] = [time.monotonic()]
        event.listen(db.engine, "after_cursor_execute", _note_progress(told))
        started = time.monotonic()
        counts = runner.run("export")
        seconds = time.monotonic() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        export = db.session.scalars(select(Export)).one()
        assert counts["done"] == 1, counts
        assert export.done >= 2 * rows
    gaps = [later - earlier for earlier, later in pairwise(told)]
    raw = _raw(Path(folder) / "portal.sqlite3")
    return {"seconds": seconds, "peak_mb": peak, "longest_gap": max(gaps), "raw_seconds": raw}


def _note_progress(told: list[float]) -> Any:
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lower().startswith("update export "):
            told.append(time.monotonic())

    return note


def _raw(database: Path) -> float:
    """The yardstick: the same rows, by the driver alone, into a CSV that nobody keeps."""
    started = time.monotonic()
    with sqlite3.connect(database) as connection, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        rows = connection.execute("select id, at, way, ip, browser, system from visit order by id")
        csv.writer(nowhere).writerows(rows)
    return time.monotonic() - started


if __name__ == "__main__":
    act, size, place = sys.argv[1:]
    print(json.dumps({"fill": fill, "build": build}[act](int(size), place)))
