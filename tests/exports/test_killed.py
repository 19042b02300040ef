"""`kill -9` at every step of a build: another worker finishes; one archive, one letter, nothing left over."""

import hashlib

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.exports import tasks
from portal.exports.models import Export, ExportState
from portal.mailer.models import Letter
from portal.storage.opened import files
from tests.support.killing import run_call, run_worker, run_worker_killed_at

LEASE = 61  # seconds after which another worker may take over
CATEGORIES = ["profile", "visits"]
STEPS = (
    "export.claimed",
    "export.profile",
    "export.visits",
    "export.written",
    "export.sealed",
    "export.before-commit",
    "export.after-commit",
)


@pytest.fixture
def asked(make_customer, browse_as, ask):
    """Alice, who has asked for an export."""
    alice = make_customer().admin
    ask(browse_as(alice), categories=CATEGORIES)
    return alice


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_costs_nothing(asked, environ, app, mailbox, work, move_clock, step):
    run_worker_killed_at(environ, step)

    move_clock(seconds=LEASE)
    work()

    with app.app_context():
        (export,) = db.session.scalars(select(Export)).all()
        archive = b"".join(files().reader(asked.customer_id, export.path or "").stream())
        stored = list(app.extensions["store"].list("customers/"))
        letters = db.session.scalars(select(Letter)).all()
    assert export.state == ExportState.READY
    assert hashlib.sha256(archive).hexdigest() == export.sha256
    assert len(archive) == export.bytes
    assert stored == [export.path]
    assert [letter.name for letter in letters] == ["exports/ready"]
    assert [letter.name for letter in mailbox.letters(asked.email)] == ["exports/ready"]


def test_the_steps_that_are_tested_are_those_that_a_build_takes(asked, environ):
    taken = run_worker(environ).steps

    assert [step for step in taken if step.startswith("export.")] == list(STEPS)


@pytest.mark.parametrize("step", ["export-expiry.marked", "export-expiry.removed"])
def test_a_sweep_killed_at_any_step_is_finished_by_the_next(asked, environ, app, work, move_clock, step):
    work()
    week = {**environ, "PORTAL_CLOCK_OFFSET": str(7 * 86400 + 60)}

    run = run_call(week, "portal.exports.tasks:sweep", kill_at=step)

    move_clock(days=7, seconds=60)
    with app.app_context():
        assert run.killed
        assert tasks.sweep() == 1
        (export,) = db.session.scalars(select(Export)).all()
        assert list(app.extensions["store"].list("customers/")) == []
    assert (export.state, export.path) == (ExportState.EXPIRED, None)
