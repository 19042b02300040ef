"""Exports whose account, key, lease or entries go while they are built."""

import pytest
from sqlalchemy import delete, select, update

from portal.core import clock
from portal.core.database import db
from portal.core.leases import LeaseLost, claim
from portal.exports import tasks
from portal.exports.models import Export
from portal.signin.models import Visit, Way
from portal.work import runner


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
