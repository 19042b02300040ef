"""What the tests of the exports room share: somebody asks, a worker works, the archive is opened."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.database import db
from portal.core.steps import step_reached
from portal.exports.models import Export
from tests.support.browse import Browse


@pytest.fixture
def ask() -> Callable[..., str]:
    """Ask for an export as a person does; the path of its page."""

    def asked(browser: Browse, **fields: Any) -> str:
        reply = browser.submit("/exports", {"scope": "me", **fields})
        assert reply.status_code == 303, reply.get_data(as_text=True)
        return str(reply.headers["Location"])

    return asked


@pytest.fixture
def opened() -> Callable[[Browse, str], zipfile.ZipFile]:
    """Download an export and open it; its members are whole."""

    def download(browser: Browse, page: str) -> zipfile.ZipFile:
        reply = browser.get(f"{page}/download")
        assert reply.status_code == 200, reply.status_code
        archive = zipfile.ZipFile(io.BytesIO(reply.data))
        assert archive.testzip() is None
        return archive

    return download


@pytest.fixture
def rows(app: Flask) -> Callable[[], list[Export]]:
    """All exports as the database has them now."""

    def read() -> list[Export]:
        with app.app_context():
            return list(db.session.scalars(select(Export).order_by(Export.requested_at)))

    return read


@pytest.fixture
def take(browse_as, ask, work, opened):
    """Somebody's archive, from asking to opening."""

    def taken(user, **fields):
        browser = browse_as(user)
        page = ask(browser, **fields)
        work()
        return opened(browser, page)

    return taken


@pytest.fixture
def stored(app):
    """How many files lie in the store, keys left out."""
    return lambda: sum(1 for _ in app.extensions["store"].list("customers/"))


@pytest.fixture
def at_step(app):
    """Do something of somebody else's when the work comes to a step."""
    connected = []

    def act_at(step, act):
        def hear(name):
            if name == step:
                act()

        step_reached.connect(hear, weak=False)
        connected.append(hear)

    yield act_at
    for hear in connected:
        step_reached.disconnect(hear)
