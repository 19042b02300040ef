"""A purge beside running work, failing neighbours and undeliverable last letters."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.accounts.models import User
from portal.core.database import db
from portal.erasure import sweeping
from portal.erasure.models import Closing, State
from portal.erasure.opened import ledger
from portal.mailer.models import Letter
from tests.erasure.conftest import CloseFor, MakeCustomer, MoveClock, StateOf, Work
from tests.support.browse import Browse
from tests.support.smtp import Mailbox


def test_one_closing_that_fails_does_not_stop_the_others(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    state_of_closing: StateOf,
) -> None:
    people = [make_customer().admin for _ in range(7)]
    closings = [close_for(person) for person in people]
    with app.app_context():
        kind = "uuid" if db.engine.dialect.name == "postgresql" else "char(32)"
        db.session.execute(text(f'create table obstacle (user_id {kind} references "user"(id))'))
        db.session.execute(text("insert into obstacle values (:id)"), {"id": people[3].id.hex})
        db.session.commit()
    move_clock(days=30, seconds=1)

    with app.app_context():
        counts = sweeping.sweep()

    assert (counts["purged"], counts["failed"]) == (6, 1)
    states = [state_of_closing(closing) for closing in closings]
    assert states == [State.PURGED] * 3 + [State.PURGING] + [State.PURGED] * 3
    with app.app_context():
        db.session.execute(text("drop table obstacle"))
        db.session.commit()
        assert db.session.get(User, people[3].id) is not None
    move_clock(days=31)
    with app.app_context():
        assert sweeping.sweep()["purged"] == 1
        assert ledger().head() == 7


def test_queued_letters_and_running_work_stop_with_the_person(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    mailbox: Mailbox,
    work: Work,
) -> None:
    alice = make_customer().admin
    mailbox.down()
    closing = close_for(alice)
    move_clock(days=30, seconds=1)
    with app.app_context():
        sweeping.sweep()
        assert db.session.get(User, alice.id) is None
        assert db.session.scalars(select(Letter.name)).all() == ["erasure/erased"]
        assert db.session.scalars(select(Closing.state)).all() == [State.PURGING]

    mailbox.up()
    move_clock(days=30, hours=1)
    work()

    assert [letter.name for letter in mailbox.letters()] == ["erasure/erased"]
    with app.app_context():
        found = db.session.get_one(Closing, closing.id)
        assert (found.state, found.letters_failed) == (State.PURGED, 0)


@pytest.mark.parametrize("refused", [True, False])
def test_a_last_letter_that_cannot_be_delivered_is_counted_and_its_address_is_gone_within_a_day(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    mailbox: Mailbox,
    work: Work,
    browse: Browse,
    refused: bool,
) -> None:
    alice = make_customer().admin
    closing = close_for(alice)
    work()
    if refused:
        mailbox.refuse(alice.email)
    else:
        mailbox.down()
    move_clock(days=30, seconds=1)
    work()
    move_clock(days=31, hours=1)

    work()

    with app.app_context():
        found = db.session.get_one(Closing, closing.id)
        assert (found.state, found.letters_failed) == (State.PURGED, 1)
        assert db.session.scalars(select(Letter)).all() == []
    if not refused:
        mailbox.up()
    assert "could not be delivered" in browse.get(f"/data-deletion/{closing.code}").get_data(as_text=True)
