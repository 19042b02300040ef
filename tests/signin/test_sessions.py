"""Sessions: ended by the clock, by the person, by signing out; never alive again."""

import pytest
from sqlalchemy import event, select

from portal.core.database import db
from portal.signin.models import SignIn
from tests.support.browse import Browse


def cookie_of(browse):
    return browse.client.get_cookie("sid").value


def with_cookie(app, value):
    browse = Browse(app)
    browse.client.set_cookie("sid", value)
    return browse


@pytest.fixture
def updates(app):
    """The updates of sign-in rows that were sent."""
    sent = []

    def note(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE sign_in"):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_clause_5_1_signing_out_ends_the_row_so_that_the_old_cookie_is_worth_nothing(app, browse_as, make_customer):
    alice = make_customer().admin
    browse = browse_as(alice)
    old = cookie_of(browse)

    reply = browse.submit("/sign-out", page="/overview")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    replayed = with_cookie(app, old).get("/overview")
    assert replayed.status_code == 303
    assert alice.full_name not in replayed.get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(SignIn)) is None


def test_signing_out_is_a_post_with_a_token(browse_as, make_customer):
    browse = browse_as(make_customer().admin)

    assert browse.get("/sign-out").status_code == 405
    assert browse.post("/sign-out").status_code == 400
    assert browse.get("/overview").status_code == 200


def test_clause_1_1_a_session_ends_after_two_hours_without_use(browse_as, make_customer, move_clock):
    browse = browse_as(make_customer().admin)

    move_clock(hours=1.99)
    assert browse.get("/overview").status_code == 200
    move_clock(hours=3.98)
    assert browse.get("/overview").status_code == 200
    move_clock(hours=6)
    assert browse.get("/overview").status_code == 303


def test_clause_1_1_a_session_ends_after_twelve_hours_however_busy(browse_as, make_customer, move_clock):
    browse = browse_as(make_customer().admin)

    for hour in range(1, 12):
        move_clock(hours=hour)
        assert browse.get("/overview").status_code == 200
    move_clock(hours=12, seconds=1)
    assert browse.get("/overview").status_code == 303


def test_personnel_are_signed_out_after_twenty_minutes_and_after_eight_hours(browse_as, make_operator, move_clock):
    operator = make_operator()
    idle, busy = browse_as(operator), browse_as(operator)

    move_clock(seconds=19 * 60)
    assert busy.get("/overview").status_code == 200
    move_clock(seconds=20 * 60 + 5)
    assert idle.get("/overview").status_code == 303
    for minutes in range(38, 8 * 60, 19):
        move_clock(seconds=minutes * 60)
        assert busy.get("/overview").status_code == 200
    move_clock(hours=8, seconds=1)
    assert busy.get("/overview").status_code == 303


def test_when_somebody_was_last_seen_is_written_at_most_once_a_minute(browse_as, make_customer, move_clock, updates):
    browse = browse_as(make_customer().admin)
    for seconds in (5, 30, 50):
        move_clock(seconds=seconds)
        browse.get("/overview")
    assert updates == []

    for seconds in (70, 75, 120):
        move_clock(seconds=seconds)
        browse.get("/overview")

    assert len(updates) == 1


def test_a_person_sees_their_devices_and_ends_one(app, browse_as, make_customer):
    alice = make_customer().admin
    here, phone = browse_as(alice), browse_as(alice)
    with app.app_context():
        rows = db.session.scalars(select(SignIn).order_by(SignIn.started_at)).all()
    page = here.get("/security/sessions").get_data(as_text=True)
    assert page.count("This device") == 1
    assert f"/security/sessions/{rows[1].id}/end" in page
    assert f"/security/sessions/{rows[0].id}/end" not in page

    reply = here.submit(f"/security/sessions/{rows[1].id}/end", page="/security/sessions")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/sessions")
    assert phone.get("/overview").status_code == 303
    assert here.get("/overview").status_code == 200


def test_a_person_ends_all_other_devices_at_once(browse_as, make_customer):
    alice, bob = make_customer().admin, make_customer().admin
    here, phone, tablet, bobs = (browse_as(user) for user in (alice, alice, alice, bob))

    here.submit("/security/sessions/end-others", page="/security/sessions")

    assert [b.get("/overview").status_code for b in (here, phone, tablet, bobs)] == [200, 303, 303, 200]


def test_somebody_elses_device_is_not_there(app, browse_as, make_customer):
    alice, bob = make_customer().admin, make_customer().admin
    alices, bobs = browse_as(alice), browse_as(bob)
    with app.app_context():
        foreign = db.session.scalars(select(SignIn).where(SignIn.user_id == bob.id)).one().id

    for unknown in (foreign, alice.id):
        assert alices.submit(f"/security/sessions/{unknown}/end", page="/security").status_code == 404
    assert bobs.get("/overview").status_code == 200


def test_sessions_that_ran_out_are_not_shown_as_devices(browse_as, make_customer, move_clock):
    alice = make_customer().admin
    browse_as(alice)
    move_clock(hours=3)

    page = browse_as(alice).get("/security/sessions").get_data(as_text=True)

    assert page.count('data-label="Last seen"') == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cookie", ["", "x", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb", "x" * 4000])
def test_a_forged_cookie_is_no_session(app, cookie):
    assert with_cookie(app, cookie).get("/overview").status_code == 303
