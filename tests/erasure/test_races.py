"""Undo against purge, purge against purge, two Admin Users at once: one winner, and both told the truth."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound

from portal.accounts.models import Role, User
from portal.core import clock
from portal.core.database import db
from portal.erasure import service, sweeping
from portal.erasure.models import Closing, Scope, State
from portal.erasure.opened import ledger
from tests.erasure.conftest import CloseFor
from tests.support.smtp import Mailbox

LEADS = (-400, -100, -30, -10, -3, 0, 3, 10, 30)  # milliseconds from the instant to the undo
REFUSALS = (service.TooLate, service.NotClosing, service.LastAdmin, NoResultFound)


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a thread with an app context of its own, all released at one moment; what each answered."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        with app.app_context():
            barrier.wait()
            try:
                answer = act()
                db.session.commit()
            except REFUSALS as refusal:
                db.session.rollback()
                return type(refusal)
            return answer

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def undo_at(user_id: Any, moment: datetime) -> Callable[[], Any]:
    def act() -> Closing:
        while clock.now() < moment:
            pass
        return service.undo(db.session.get_one(User, user_id))

    return act


def sweep_around(moment: datetime) -> Callable[[], None]:
    def act() -> None:
        while clock.now() < moment + timedelta(milliseconds=50):
            sweeping.sweep()

    return act


def test_of_undo_and_purge_in_the_same_instant_exactly_one_wins(
    app: Flask, make_customer: Callable[..., Any], close_for: CloseFor, mailbox: Mailbox
) -> None:
    answers = []
    for lead in LEADS:
        alice = make_customer().admin
        closing = close_for(alice)
        with app.app_context():
            instant = clock.now() + timedelta(milliseconds=600)
            whose = update(Closing).where(Closing.id == closing.id)
            db.session.execute(whose.values(erase_at=instant, due_at=instant))
            db.session.commit()

        undone, _ = at_once(app, undo_at(alice.id, instant + timedelta(milliseconds=lead)), sweep_around(instant))

        answers.append(isinstance(undone, Closing))
        with app.app_context():
            state = db.session.scalars(select(Closing.state).where(Closing.id == closing.id)).one()
            there = db.session.get(User, alice.id)
            if answers[-1]:
                assert state == State.UNDONE
                assert there is not None
                assert not there.is_closing
            else:
                assert undone in (service.TooLate, service.NotClosing, NoResultFound)
                assert state in (State.PENDING, State.PURGING, State.PURGED)

    assert set(answers) == {True, False}  # both sides have won, or this test has seen nothing


def test_two_sweeps_at_once_leave_one_line_and_one_letter(
    app: Flask,
    make_customer: Callable[..., Any],
    close_for: CloseFor,
    mailbox: Mailbox,
    move_clock: Callable[..., None],
    work: Callable[[], object],
) -> None:
    people = [make_customer().admin for _ in range(5)]
    for person in people:
        close_for(person)
    work()
    mailbox.clear()
    move_clock(days=30, seconds=1)

    at_once(app, sweeping.sweep, sweeping.sweep, sweeping.sweep)
    move_clock(days=30, seconds=90)
    work()

    with app.app_context():
        assert ledger().head() == len(people)
        assert set(db.session.scalars(select(Closing.state))) == {State.PURGED}
    assert sorted(letter.recipient for letter in mailbox.letters()) == sorted(p.email for p in people)


def test_two_last_admin_users_cannot_both_leave_at_once(app: Flask, make_customer: Callable[..., Any]) -> None:
    made = make_customer(staff=1)
    with app.app_context():
        db.session.get_one(User, made.staff[0].id).role = Role.ADMIN
        db.session.commit()

    def leave(user_id: Any) -> Callable[[], Any]:
        return lambda: service.close(db.session.get_one(User, user_id), Scope.ME, "")

    answers = at_once(app, leave(made.admin.id), leave(made.staff[0].id))

    assert sum(isinstance(answer, Closing) for answer in answers) == 1
    assert service.LastAdmin in answers
