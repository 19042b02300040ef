"""A worker that dies by `kill -9` anywhere in a purge: the next one finishes, and nobody notices (F3)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Customer, User
from portal.audit import chain
from portal.core.database import db
from portal.erasure.models import Closing, Scope, State
from portal.erasure.opened import ledger
from portal.mailer.models import Letter
from portal.storage import opened
from portal.storage.files import customer_prefix
from tests.erasure.conftest import CloseFor
from tests.erasure.planting import plant, plant_file
from tests.support.killing import run_worker_killed_at
from tests.support.smtp import Mailbox

DAYS = 30 * 86400
STEPS = (
    "purge.begun",
    "purge.line-written",
    "purge.recorded",
    "purge.cut-off",
    "purge.files-gone",
    "purge.rows-in-transaction",
    "purge.rows-gone",
    "letter.accepted",
    "purge.told",
    "purge.letters-forgotten",
    "purge.compacted",
    "purge.purged",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_purge_killed_at_any_step_is_finished_by_the_next_worker(
    app: Flask,
    environ: dict[str, str],
    make_customer: Callable[..., Any],
    close_for: CloseFor,
    mailbox: Mailbox,
    work: Callable[[], object],
    move_clock: Callable[..., None],
    step: str,
) -> None:
    made = make_customer(staff=1)
    stays = make_customer()
    with app.app_context():
        planted = plant(made.id, made.admin.id, rows=2)
        plant_file(made.id, made.admin.id)
        db.session.commit()
    closing = close_for(made.admin, Scope.CUSTOMER)
    work()
    mailbox.clear()
    later = {**environ, "PORTAL_CLOCK_OFFSET": str(DAYS + 60)}

    run_worker_killed_at(later, step)
    with app.app_context():
        there = db.session.get(Customer, made.id) is not None
        assert there == (step in STEPS[: STEPS.index("purge.rows-gone")])
    move_clock(days=30, seconds=120)  # the lease of the dead has run out
    work()

    with app.app_context():
        db.session.rollback()
        found = db.session.get_one(Closing, closing.id)
        assert (found.state, found.letters_failed) == (State.PURGED, 0)
        assert ledger().head() == 1
        assert ledger().verify() is None
        assert chain.first_break() is None
        assert list(opened.store().list(customer_prefix(made.id))) == []
        assert db.session.scalars(select(User.id)).all() == [stays.admin.id]
        assert db.session.scalars(select(Letter.name)).all() == []
    if Path(environ["PORTAL_INSTANCE_PATH"], "portal.sqlite3").exists():
        assert planted.found_in(Path(environ["PORTAL_INSTANCE_PATH"])) == {}
    for person in (made.admin, *made.staff):
        copies = mailbox.letters(person.email)
        assert {letter.name for letter in copies} == {"erasure/erased"}
        # Who dies between the server's yes and the note of it repeats that one letter, recognisably
        assert len(copies) == 1 or step == "letter.accepted"
        assert len({letter.message["Message-ID"] for letter in copies}) == 1
