"""How an export ends: cancelled, deleted, over its time, failed, or erased with its person."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.core import clock
from portal.core.database import db
from portal.exports import tasks
from portal.exports.models import Export, Opening


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
