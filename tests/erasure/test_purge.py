"""The erasure itself: complete, exact, never too early, and nobody else's (clauses 8.2, 8.3)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select

from portal.accounts.models import User
from portal.audit import chain
from portal.core.database import db, new_id
from portal.erasure import sweeping
from portal.erasure.models import Scope, State
from portal.erasure.opened import ledger
from portal.erasure.rehearsal import count_rows, rehearse
from portal.mailer.models import Letter
from portal.signin.models import Visit, Way
from portal.storage import opened
from tests.erasure.conftest import CloseFor, MakeCustomer, MoveClock, StateOf, Work
from tests.erasure.planting import plant, plant_file, snapshot
from tests.support.browse import Browse, state_of
from tests.support.smtp import Mailbox
from tests.support.statements import Statements

BEYOND_TIME = ("audit_entry", "closing")


def test_clause_8_3_everything_goes_by_itself_when_the_days_are_over(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    mailbox: Mailbox,
    work: Work,
    browse: Browse,
) -> None:
    alice = make_customer().admin
    with app.app_context():
        planted = plant(alice.customer_id, alice.id)
        path = plant_file(alice.customer_id, alice.id)
        db.session.commit()
    closing = close_for(alice, reason="Vì tôi chuyển nhà")
    work()
    mailbox.clear()
    move_clock(days=30, seconds=1)

    work()

    with app.app_context():
        for name, root_id in planted.rows.items():
            table = db.metadata.tables[name]
            is_gone = not table.info.get("shared")
            [key] = table.primary_key
            assert (db.session.scalar(select(func.count()).where(key == root_id)) == 0) == is_gone, name
        assert not opened.store().exists(path)
        assert list(opened.keys().customers()) == []
        [entry] = ledger().entries()
        assert (entry.closing_id, entry.customer_id) == (str(closing.id), str(alice.customer_id))
        assert ledger().verify() is None
        assert chain.first_break() is None
        assert db.session.scalars(select(Letter)).all() == []
    [letter] = mailbox.letters()
    assert letter.name == "erasure/erased"
    page = browse.get(f"/data-deletion/{closing.code}")
    assert state_of(page) == "purged"
    assert alice.email not in page.get_data(as_text=True)
    assert browse.get(f"/receipts/{closing.code}").status_code == 200


def test_the_purge_erases_exactly_what_the_rehearsal_showed(
    app: Flask, make_customer: MakeCustomer, close_for: CloseFor, move_clock: MoveClock, work: Work
) -> None:
    made = make_customer(staff=2)
    with app.app_context():
        plant(made.id, made.admin.id, rows=3)
        plant_file(made.id, made.admin.id)
        db.session.commit()
    close_for(made.admin, Scope.CUSTOMER, "a reason")
    with app.app_context():
        rehearsed = rehearse(db.session.get_one(User, made.admin.id), Scope.CUSTOMER)
        before = {table.name: _rows(table) for table in db.metadata.sorted_tables}

    move_clock(days=30, seconds=1)
    work()

    with app.app_context():
        [entry] = ledger().entries()
        shown = {line.name: line.count for line in rehearsed.lines}
        letters_since = entry.counts["letter"] - shown["letter"]
        assert letters_since == 0
        assert dict(entry.counts) == {**shown, "files": 1}
        for name, count in shown.items():
            assert before[name] - _rows(db.metadata.tables[name]) == count, name


def _rows(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_ninety_nine_others_are_left_as_they_were(
    app: Flask, make_customer: MakeCustomer, close_for: CloseFor, move_clock: MoveClock, work: Work
) -> None:
    others = [make_customer(staff=n % 3) for n in range(99)]
    leaving = make_customer(staff=1)
    with app.app_context():
        for other in others[:10]:
            plant(other.id, other.admin.id)
        plant_file(others[0].id, others[0].admin.id)
        db.session.commit()
        before = snapshot(leave_out=BEYOND_TIME)
        plant(leaving.id, leaving.admin.id, rows=2)
        shared = {t.name for t in db.metadata.sorted_tables if t.info.get("shared")}
        db.session.commit()
    close_for(leaving.admin, Scope.CUSTOMER)
    move_clock(days=30, seconds=1)

    work()

    with app.app_context():
        after = snapshot(leave_out=BEYOND_TIME)
        gone = {str(leaving.id), *(str(p.id) for p in (leaving.admin, *leaving.staff))}
        for name in set(before) - shared:
            kept = [row for row in before[name] if not any(one in cell for cell in row for one in gone)]
            assert after[name] == kept, name
        assert opened.keys().get(others[0].id)


def test_a_staff_user_who_leaves_takes_nothing_that_is_the_customers(
    app: Flask, make_customer: MakeCustomer, close_for: CloseFor, move_clock: MoveClock, work: Work
) -> None:
    made = make_customer(staff=2)
    leaving, staying = made.staff
    change = db.metadata.tables["company_change"]
    with app.app_context():
        mine, theirs = plant_file(made.id, leaving.id), plant_file(made.id, made.admin.id)
        planted = plant(made.id, leaving.id)
        db.session.commit()
    close_for(leaving)
    move_clock(days=30, seconds=1)

    work()

    with app.app_context():
        assert db.session.get(User, leaving.id) is None
        assert db.session.get(User, staying.id) is not None
        kept = db.session.execute(select(change).where(change.c.id == planted.rows["company_change"])).one()
        assert (kept.customer_id, kept.by_id) == (made.id, None)
        assert not opened.store().exists(mine)
        assert opened.store().exists(theirs)
        assert opened.keys().get(made.id)
        [entry] = ledger().entries()
        assert (entry.scope, entry.user_id, entry.counts["user"]) == ("me", str(leaving.id), 1)


def test_nobody_is_erased_a_second_too_early(
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    work: Work,
    state_of_closing: StateOf,
) -> None:
    closing = close_for(make_customer().admin)

    move_clock(days=30, seconds=-5)
    work()
    assert state_of_closing(closing) == State.PENDING
    move_clock(days=-1)
    work()
    assert state_of_closing(closing) == State.PENDING
    move_clock(days=30, seconds=1)
    work()

    assert state_of_closing(closing) == State.PURGED


def test_a_sweep_that_slept_for_ten_days_catches_up_in_one_run(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    state_of_closing: StateOf,
) -> None:
    closings = [close_for(make_customer().admin) for _ in range(3)]
    closings.append(close_for(make_customer(staff=1).staff[0]))
    move_clock(days=40)

    with app.app_context():
        counts = sweeping.sweep()

    assert (counts["due"], counts["purged"], counts["failed"], counts["waiting"]) == (4, 4, 0, 0)
    assert {state_of_closing(closing) for closing in closings} == {State.PURGED}
    with app.app_context():
        assert sweeping.sweep()["due"] == 0
        assert ledger().head() == 4


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    work: Work,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    row = {"way": Way.PASSWORD, "ip": "", "browser": "", "system": ""}
    counts = []
    for visits in (1, 3000):
        made = make_customer()
        with app.app_context():
            plant(made.id, made.admin.id)
            db.session.execute(
                insert(Visit), [{"id": new_id(), "user_id": made.admin.id, **row} for _ in range(visits)]
            )
            db.session.commit()
        close_for(made.admin)
        move_clock(days=30, seconds=1)
        with statements() as seen:
            work()
        counts.append(len(seen))
        move_clock()

    assert counts[0] == counts[1]


def test_counting_is_one_statement(
    app: Flask,
    make_customer: MakeCustomer,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    made = [make_customer(staff=1) for _ in range(3)]

    with statements() as seen, app.app_context():
        counted = count_rows("customer", [one.id for one in made])

    assert len(seen) == 1
    assert [counted[one.id]["user"] for one in made] == [2, 2, 2]
