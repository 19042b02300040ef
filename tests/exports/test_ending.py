"""How an export ends: cancelled, deleted, over its time, failed, or erased with its person."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.core import clock
from portal.core.database import db
from portal.core.leases import LeaseLost, claim
from portal.core.steps import step_reached
from portal.exports import tasks
from portal.exports.models import Export, Opening
from portal.signin.models import Visit, Way
from portal.work import runner


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


def test_a_waiting_export_can_be_cancelled_and_is_never_built(make_customer, browse_as, ask, work, mailbox, stored):
    browser = browse_as(make_customer().admin)
    page = ask(browser)

    reply = browser.submit(f"{page}/cancel", page=page)
    work()

    assert reply.headers["Location"] == page
    assert browser.state(page) == "cancelled"
    assert stored() == 0
    assert mailbox.empty()


@pytest.mark.parametrize("step", ["export.claimed", "export.visits", "export.written", "export.sealed"])
def test_cancelling_while_it_is_built_leaves_no_file_and_sends_no_letter(
    make_customer, browse_as, ask, work, mailbox, stored, at_step, step
):
    browser = browse_as(make_customer().admin)
    page = ask(browser)
    at_step(step, lambda: browser.submit(f"{page}/cancel", page=page))

    work()

    assert browser.state(page) == "cancelled"
    assert stored() == 0
    assert mailbox.empty()


def test_after_cancelling_another_one_can_be_asked_for(make_customer, browse_as, ask, work):
    browser = browse_as(make_customer().admin)
    first = ask(browser)
    browser.submit(f"{first}/cancel", page=first)

    second = ask(browser)
    work()

    assert second != first
    assert browser.state(second) == "ready"


def test_what_is_ready_cannot_be_cancelled(make_customer, browse_as, ask, work):
    browser = browse_as(make_customer().admin)
    page = ask(browser)
    work()

    reply = browser.submit(f"{page}/cancel", page=page)

    assert reply.status_code == 303
    assert browser.state(page) == "ready"


def test_a_deleted_export_is_gone_with_its_file(make_customer, browse_as, ask, work, rows, stored, app):
    browser = browse_as(make_customer().admin)
    page = ask(browser)
    work()
    browser.get(f"{page}/download")

    reply = browser.submit(f"{page}/delete", page=page)

    assert reply.headers["Location"] == "/exports"
    assert browser.get(page).status_code == browser.get(f"{page}/download").status_code == 404
    assert rows() == []
    assert stored() == 0


def test_what_is_being_made_is_cancelled_before_it_is_deleted(make_customer, browse_as, ask, rows):
    browser = browse_as(make_customer().admin)
    page = ask(browser)

    reply = browser.submit(f"{page}/delete", page=page)

    assert reply.headers["Location"] == page
    assert len(rows()) == 1


def test_seven_days_after_it_is_ready_it_is_over_at_once_and_swept_soon(
    make_customer, browse_as, ask, work, move_clock, rows, stored, app
):
    alice = make_customer().admin
    browser = browse_as(alice)
    page = ask(browser)
    work()
    move_clock(days=7, seconds=5)
    again = browse_as(alice)

    assert again.state(page) == "expired"
    assert again.get(f"{page}/download").status_code == 404
    with app.app_context():
        assert tasks.sweep() == 1
        assert tasks.sweep() == 0
    assert again.state(page) == "expired"
    assert rows()[0].path is None
    assert stored() == 0


def test_a_second_before_it_can_still_be_downloaded(make_customer, browse_as, ask, work, move_clock, app):
    alice = make_customer().admin
    page = ask(browse_as(alice))
    work()
    move_clock(days=7, seconds=-60)
    with app.app_context():
        assert tasks.sweep() == 0

    assert browse_as(alice).get(f"{page}/download").status_code == 200


def test_what_a_cancelled_build_left_is_swept_once_no_worker_can_be_at_it(
    make_customer, browse_as, ask, app, move_clock, rows, stored
):
    alice = make_customer()
    browser = browse_as(alice.admin)
    page = ask(browser)
    with app.app_context():
        export = db.session.scalars(select(Export)).one()
        path = f"customers/{alice.id}/users/{alice.admin.id}/exports/{export.id}/1.zip"
        db.session.execute(update(Export).values(path=path))
        db.session.commit()
        with app.extensions["files"].writer(alice.id, path) as writer:
            writer.write(b"half")
    browser.submit(f"{page}/cancel", page=page)

    with app.app_context():
        assert tasks.sweep() == 0
    move_clock(seconds=601)
    with app.app_context():
        assert tasks.sweep() == 1
    assert stored() == 0


def test_when_every_try_fails_the_person_is_told_and_can_ask_again(
    make_customer, browse_as, ask, work, app, mailbox, move_clock, stored
):
    alice = make_customer().admin
    browser = browse_as(alice)
    app.extensions["export_sources"] = (lambda order: 1 / 0,)
    page = ask(browser, include_files="y")

    for hours in range(tasks.MAX_ATTEMPTS + 1):
        move_clock(hours=hours)
        work()
    move_clock()

    assert browser.state(page) == "failed"
    assert [letter.name for letter in mailbox.letters(alice.email)] == ["exports/failed"]
    assert stored() == 0
    app.extensions["export_sources"] = ()
    again = ask(browser)
    work()
    assert browser.state(again) == "ready"


def test_an_account_that_is_erased_meanwhile_ends_the_build_without_a_trace(
    make_customer, browse_as, ask, app, mailbox, stored, at_step
):
    alice = make_customer()
    ask(browse_as(alice.admin))

    def purge():
        datamap, dialect = app.extensions["datamap"], db.engine.dialect.name
        app.extensions["files"].delete_prefix(f"customers/{alice.id}/")
        app.extensions["keys"].forget(alice.id)
        for statement in [
            *datamap.forgetting("customer", [alice.id], dialect),
            *datamap.erasing("customer", [alice.id], dialect),
        ]:
            db.session.execute(statement, execution_options={"synchronize_session": False})
        db.session.commit()

    at_step("export.sealed", purge)
    with app.app_context():
        counts = runner.run("export")
        left = db.session.scalars(select(Export)).all()

    assert (counts["lost"], counts["failed"]) == (1, 0)
    assert left == []
    assert stored() == 0
    assert mailbox.empty()


def test_a_closing_account_whose_key_is_forgotten_stops_the_build_without_a_failure(
    make_customer, browse_as, ask, app, at_step, stored
):
    alice = make_customer()
    ask(browse_as(alice.admin))

    with app.app_context():
        lease = claim(tasks.DUTY)
        db.session.execute(update(type(alice.admin)).values(closing_since=clock.now()))
        db.session.commit()
        app.extensions["keys"].forget(alice.id)
        with pytest.raises(LeaseLost):
            tasks.perform(lease, None)
    assert stored() == 0


def test_a_worker_that_was_overtaken_leaves_the_archive_of_the_other_alone(
    make_customer, browse_as, ask, app, mailbox, at_step, move_clock, opened, stored, work
):
    alice = make_customer().admin
    browser = browse_as(alice)
    page = ask(browser)
    overtaken = []

    def overtake():
        if not overtaken:
            overtaken.append(True)
            move_clock(seconds=tasks.DUTY.lease_seconds + 1)
            runner.run("export")

    at_step("export.sealed", overtake)
    with app.app_context():
        counts = runner.run("export")
    work()

    assert counts["lost"] == 1
    assert browser.state(page) == "ready"
    assert opened(browser, page).namelist()
    assert stored() == 1
    assert len(mailbox.letters(alice.email)) == 1


def test_the_database_refuses_a_ready_export_without_an_archive(make_customer, app):
    alice = make_customer().admin
    with app.app_context():
        db.session.add(Export(user_id=alice.id, state="ready"))
        with pytest.raises(IntegrityError):
            db.session.commit()


def test_the_database_refuses_a_second_export_under_way(make_customer, app):
    alice = make_customer().admin
    with app.app_context():
        db.session.add_all([Export(user_id=alice.id), Export(user_id=alice.id)])
        with pytest.raises(IntegrityError):
            db.session.commit()


def test_old_exports_are_dropped_with_their_openings(make_customer, browse_as, ask, work, app, rows):
    browser = browse_as(make_customer().admin)
    page = ask(browser)
    work()
    browser.get(f"{page}/download")

    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now() + timedelta(days=91)):
            if statement.table.name in ("export", "export_opening"):
                db.session.execute(statement)
        db.session.commit()
        assert db.session.scalars(select(Opening)).all() == []
    assert rows() == []


def test_entries_that_vanish_while_it_is_built_do_no_harm(make_customer, browse_as, ask, work, app, at_step, opened):
    alice = make_customer().admin
    browser = browse_as(alice)
    with app.app_context():
        seen = {"way": Way.PASSWORD, "ip": "203.0.113.4", "browser": "", "system": ""}
        db.session.add_all([Visit(user_id=alice.id, **seen) for _ in range(30)])
        db.session.commit()
    page = ask(browser)

    def drop():
        db.session.execute(delete(Visit))
        db.session.commit()

    at_step("export.contract", drop)
    work()

    assert opened(browser, page).read("data/visits.json").count(b"203.0.113.4") == 0
