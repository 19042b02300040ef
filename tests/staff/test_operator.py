"""`flask operator add` and `sign-out`, and the console's front door."""

import json

import pytest

from portal.accounts.models import Role, User
from portal.accounts.service import smartos, user_by_email
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.core.features import CONSOLE_FEATURES, Feature
from tests.support.browse import Browse, link_in
from tests.support.people import PASSWORD
from tests.support.second_step import made_careful


@pytest.fixture
def add(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(app.cli, ["operator", "add", *arguments])

    return run


def test_the_first_operator_sets_the_password_by_the_link_and_holds_everything(app, add, browse):
    result = add("lan@example.com")
    path = link_in(result.stdout, "/reset-password/")

    browse.submit(path, {"password": PASSWORD})

    with app.app_context():
        lan = user_by_email("lan@example.com")
        assert (lan.role, lan.customer.is_smartos) == (Role.ADMIN, True)
        assert all(lan.may(feature) for feature in CONSOLE_FEATURES)
    assert result.exit_code == 0
    browse.sign_in(lan)
    assert browse.get("/staff").headers["Location"] == "/security/two-step?next=/staff"


def test_a_password_is_never_made_or_shown(app, add):
    result = add("lan@example.com")

    with app.app_context():
        assert user_by_email("lan@example.com").password_hash is None
    assert "password" in result.stdout
    assert len(result.stdout.strip().splitlines()) == 2


def test_a_second_call_prints_a_fresh_link_and_ends_the_first(app, add, browse):
    first = link_in(add("lan@example.com").stdout, "/reset-password/")
    second = json.loads(add("lan@example.com", "--json").stdout)["link"]

    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(User)) == 1
    assert browse.get(first).status_code == 404
    assert browse.get(link_in(second, "/reset-password/")).status_code == 200


def test_the_link_works_for_three_days(add, browse, move_clock):
    path = link_in(add("lan@example.com").stdout, "/reset-password/")

    move_clock(hours=71)
    assert browse.get(path).status_code == 200
    move_clock(hours=73)
    assert browse.get(path).status_code == 404


def test_a_customers_address_is_refused(app, add, make_customer):
    alice = make_customer().admin

    result = add(alice.email.upper())

    assert result.exit_code == 1
    assert "belongs to a customer" in result.stderr
    with app.app_context():
        assert smartos() is None


def test_what_is_no_address_is_wrong_usage(add):
    assert add("not an address").exit_code == 2
    assert add("a@example.com\nBcc: b@example.com").exit_code == 2


@pytest.fixture
def end_sessions(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(app.cli, ["operator", "sign-out", *arguments])

    return run


def test_an_operator_ends_all_sessions_of_one_person_and_of_nobody_else(app, end_sessions, make_customer, browse_as):
    alice, bob = make_customer().admin, make_customer().admin
    at_home, on_the_way, bobs = browse_as(alice), browse_as(alice), browse_as(bob)

    result = end_sessions(alice.email.upper(), "--json")

    assert json.loads(result.stdout) == {"ended": 2}
    assert [window.get("/overview").status_code for window in (at_home, on_the_way, bobs)] == [303, 303, 200]
    with app.app_context():
        assert (
            db.session.scalar(db.select(AuditEntry.subject_id).filter_by(act="sessions.ended-by-operator")) == alice.id
        )


def test_an_operator_ends_everybodys_sessions(end_sessions, make_customer, browse_as):
    windows = [browse_as(make_customer().admin), browse_as(make_customer().admin)]

    result = end_sessions("--everyone")

    assert result.stdout == "Sessions ended: 2\n"
    assert [window.get("/overview").status_code for window in windows] == [303, 303]


def test_whose_sessions_end_must_be_said(end_sessions, make_customer, browse_as):
    alice = make_customer().admin
    window = browse_as(alice)

    assert end_sessions().exit_code == 2
    assert end_sessions(alice.email, "--everyone").exit_code == 2
    assert "Nobody has this address" in end_sessions("nobody@example.com").stderr
    assert window.get("/overview").status_code == 200


def test_the_front_page_shows_what_the_features_open(browse_as, make_operator, make_customer):
    officer = browse_as(make_operator((Feature.POLICIES,))).get("/staff").get_data(as_text=True)
    nobody = browse_as(make_operator((Feature.LINKS,))).get("/staff").get_data(as_text=True)

    assert "/staff/policies" in officer
    assert 'href="/staff/notices"' not in officer
    assert "No feature yet" in nobody
    assert browse_as(make_customer().admin).get("/staff").status_code == 403


def test_who_lost_app_and_paper_gets_in_again_by_password_once_support_took_the_second_step_off(
    app, make_customer, browse_as, mailbox, work
):
    alice = make_customer().admin
    made_careful(app, alice)
    at_home = browse_as(alice)
    take_off = ["operator", "take-off-second-step", alice.email, "--json"]

    result = app.test_cli_runner().invoke(app.cli, take_off)
    again = app.test_cli_runner().invoke(app.cli, take_off)
    work()

    assert (json.loads(result.stdout), json.loads(again.stdout)) == ({"taken_off": True}, {"taken_off": False})
    assert at_home.get("/overview").status_code == 303
    assert Browse(app).sign_in(alice).headers["Location"] == "/overview"
    assert mailbox.wait_for(alice.email, "signin/two-step-off")
    with app.app_context():
        act = db.select(AuditEntry.subject_id).filter_by(act="second-step.taken-off-by-operator")
        assert db.session.scalars(act).all() == [alice.id]
