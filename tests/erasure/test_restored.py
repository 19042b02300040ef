"""A restored backup brings nobody back (DECISIONS 17, F20)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import User
from portal.app import create_app
from portal.core import clock
from portal.core.database import db
from portal.erasure import replay
from portal.erasure.opened import ledger
from portal.mailer.post import Reader, write
from portal.work import runner
from tests.erasure.conftest import CloseFor
from tests.erasure.planting import plant
from tests.support.browse import Browse, state_of
from tests.support.smtp import Mailbox


def assert_that_workers_wait(app: Flask, erased: User) -> None:
    """Nobody who was erased gets a letter from a worker that knows no better."""
    with app.app_context():
        facts = {"full_name": erased.full_name, "sign_in": "/sign-in"}
        letter = write("joining/welcome", Reader(erased.email, "vi", erased.id), facts)
        db.session.commit()
        assert runner.run("letter") == {}
        db.session.delete(letter)
        db.session.commit()
    waiting = app.test_cli_runner().invoke(args=["worker", "--until-empty"])
    assert (waiting.exit_code, "erasure replay" in waiting.output) == (3, True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_portal_whose_backup_is_older_than_an_erasure_serves_nobody_before_the_replay(
    app: Flask,
    environ: dict[str, str],
    make_customer: Callable[..., Any],
    close_for: CloseFor,
    move_clock: Callable[..., None],
    work: Callable[[], object],
    mailbox: Mailbox,
    instance: Path,
) -> None:
    alice, bob = make_customer().admin, make_customer().admin
    with app.app_context():
        planted = plant(alice.customer_id, alice.id)
        db.session.commit()
        db.engine.dispose()
    backup = instance.parent / "backup.sqlite3"
    shutil.copy(instance / "portal.sqlite3", backup)
    closing = close_for(alice)
    move_clock(days=30, seconds=1)
    work()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    mailbox.clear()
    shutil.copy(backup, instance / "portal.sqlite3")
    backup.unlink()

    restored = create_app(environ)
    clock.shift(31 * 86400)
    browser = Browse(restored)

    assert browser.get("/healthz").status_code == 200
    for path in ("/", "/sign-in", "/readyz", f"/data-deletion/{closing.code}"):
        assert browser.get(path).status_code == 503
    assert_that_workers_wait(restored, alice)
    reply = restored.test_cli_runner().invoke(args=["erasure", "replay", "--json"])
    assert reply.exit_code == 0, reply.output
    assert browser.get("/").status_code == 200
    with restored.app_context():
        assert db.session.get(User, alice.id) is None
        assert db.session.get(User, bob.id) is not None
        assert ledger().head() == 1
        assert next(replay.missing(), None) is None
        db.engine.dispose()
    assert planted.found_in(instance) == {}
    assert mailbox.letters() == []
    assert state_of(browser.get(f"/data-deletion/{closing.code}")) == "purged"
