"""Smartos's own people: no console without a second step or a passkey."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, update

from portal.accounts.models import Role
from portal.accounts.service import make_smartos, make_user, smartos
from portal.core.database import db
from portal.core.features import Feature
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.models import SignIn
from tests.support.browse import Browse, token_of
from tests.support.passkeys import add, kept, words
from tests.support.people import PASSWORD, password_hash
from tests.support.second_step import SETUP, app_shows, first_step, made_careful, switch_on

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CONSOLE = ["/staff", "/staff/policies", "/staff/policies/privacy/1", "/staff/notices"]


@pytest.fixture
def lan(app):
    """She has just set her password, and nothing else."""
    with app.app_context():
        user = make_user(
            smartos() or make_smartos(),
            full_name="Võ Ngọc Lan",
            email="lan@smartos.example.com",
            role=Role.ADMIN,
            locale="en",
            password_hash=password_hash(),
        )
        db.session.commit()
        return user


def give_passkey(app, user):
    with app.app_context():
        db.session.add(Passkey(user_id=user.id, credential_id=b"a key", public_key=b"its public half", name="Laptop"))
        db.session.commit()


def test_the_console_stays_shut_until_a_factor_is_set_up_and_then_opens_at_once(browse_as, lan):
    browse = browse_as(lan)
    assert {browse.get(page).headers["Location"] for page in CONSOLE} == {f"{SETUP}?next={page}" for page in CONSOLE}
    assert browse.get("/overview").status_code == 200
    page = browse.get(f"{SETUP}?next=/staff").get_data(as_text=True)
    assert "opens only with a second step or a passkey" in page
    assert 'href="/security/passkeys"' in page

    switch_on(browse)

    assert browse.get("/staff").status_code == 200


@ON_SQLITE
def test_after_the_set_up_one_goes_on_to_where_one_wanted_to_be(browse_as, lan):
    browse = browse_as(lan)
    way = browse.get("/staff/notices").headers["Location"]
    secret = browse.get(way).get_data(as_text=True).partition('data-secret="')[2][:32]

    reply = browse.submit(way, {"code": app_shows(secret)})

    assert reply.headers["Location"] == "/security/two-step/codes?next=/staff/notices"
    assert 'href="/staff/notices">I have kept them' in browse.get(reply.headers["Location"]).get_data(as_text=True)


def test_a_session_that_showed_only_a_password_has_to_show_the_second_step(app, browse_as, lan):
    browse = browse_as(lan)
    made_careful(app, lan)

    away = browse.get("/staff/notices").headers["Location"]
    reply = browse.submit(away, {"password": PASSWORD, "code": browse.code_for(lan)})

    assert away == "/confirm-identity?next=/staff/notices"
    assert reply.headers["Location"] == "/staff/notices"
    assert browse.get("/staff/notices").status_code == 200


@ON_SQLITE
def test_who_has_a_passkey_only_is_asked_for_it_and_a_password_does_not_do(app, browse_as, lan):
    browse = browse_as(lan)
    give_passkey(app, lan)

    away = browse.get("/staff").headers["Location"]
    page = browse.get(away).get_data(as_text=True)
    reply = browse.submit(away, {"password": PASSWORD})

    assert away == "/confirm-identity?next=/staff"
    assert 'name="password"' not in page
    assert "/confirm-identity/passkey" in page
    assert reply.status_code == 200
    assert browse.get("/staff").status_code == 303


@ON_SQLITE
def test_a_session_that_a_passkey_made_strong_opens_the_console(app, browse_as, lan):
    browse = browse_as(lan)
    give_passkey(app, lan)

    with app.app_context():
        db.session.execute(update(SignIn).values(is_strong=True))
        db.session.commit()

    assert browse.get("/staff").status_code == 200


@ON_SQLITE
def test_a_button_of_the_console_leads_back_to_the_page_it_stands_on(app, browse_as, lan):
    browse = browse_as(lan)
    token = browse.get("/security").get_data(as_text=True).partition('name="csrf_token" value="')[2].partition('"')[0]

    reply = browse.post(
        "/staff/notices/018f3f6e-0000-7000-8000-000000000000/pause",
        {"csrf_token": token},
        headers={"Referer": "http://localhost/staff/notices"},
    )

    assert reply.headers["Location"] == f"{SETUP}?next=/staff/notices"


def test_they_cannot_switch_it_off_without_a_passkey(app, browse_as, make_operator):
    officer = make_operator()
    browse = browse_as(officer)

    browse.submit(f"{SETUP}/off", page=SETUP)

    assert "please add a passkey first" in browse.get(SETUP).get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(db.select(SecondStep.user_id)) == officer.id
    give_passkey(app, officer)
    browse.submit(f"{SETUP}/off", page=SETUP)
    with app.app_context():
        assert db.session.scalar(db.select(SecondStep.user_id)) is None


@ON_SQLITE
def test_who_lost_the_factor_finds_the_console_shut_again(app, make_operator):
    officer = make_operator()
    with app.app_context():
        db.session.execute(delete(SecondStep))
        db.session.commit()

    browse = Browse(app)
    browse.sign_in(officer)

    assert browse.get("/staff").headers["Location"] == f"{SETUP}?next=/staff"


@ON_SQLITE
def test_a_strong_session_opens_no_console_once_the_factor_is_gone(app, make_operator, browse_as):
    officer = make_operator()
    browse = browse_as(officer)
    assert browse.get("/staff").status_code == 200

    with app.app_context():
        db.session.execute(delete(SecondStep))
        db.session.commit()

    assert browse.get("/staff").headers["Location"] == f"{SETUP}?next=/staff"


def test_the_last_passkey_goes_only_once_there_is_another_or_a_second_step(app, browse_as, make_operator, phone):
    officer = make_operator()
    browse = browse_as(officer)
    add(browse, phone)
    browse.submit(f"{SETUP}/off", page=SETUP)
    only = kept(app)[0].id

    page = words(browse.get(f"/security/passkeys/{only}/remove"))
    reply = browse.submit(f"/security/passkeys/{only}/remove", page="/security/passkeys")
    stays = [one.id for one in kept(app)]
    give_passkey(app, officer)
    gone = browse.submit(f"/security/passkeys/{only}/remove")

    assert "the console opens only with a second step or a passkey" in page
    assert (reply.status_code, stays) == (422, [only])
    assert "the console opens only with a second step or a passkey" in words(reply)
    assert gone.status_code == 303
    assert only not in [one.id for one in kept(app)]


def test_of_switching_off_and_removing_at_one_moment_one_factor_stays(app, browse_as, make_operator, phone):
    officer = make_operator()
    first, second = browse_as(officer), Browse(app)
    add(first, phone)
    token = token_of(first.get(SETUP))
    second.client.set_cookie("sid", first.client.get_cookie("sid").value)
    tabs = ((first, f"{SETUP}/off"), (second, f"/security/passkeys/{kept(app)[0].id}/remove"))

    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(lambda asked: asked[0].post(asked[1], {"csrf_token": token}), tabs))

    with app.app_context():
        assert len(kept(app)) + len(db.session.scalars(db.select(SecondStep.id)).all()) == 1


@ON_SQLITE
def test_customers_are_turned_away_as_before_and_asked_for_nothing(app, browse_as, make_customer, make_operator):
    alice = browse_as(make_customer().admin)

    assert [alice.get(page).status_code for page in CONSOLE] == [403] * 4
    assert browse_as(make_operator((Feature.SUPPORT,))).get("/staff/notices").status_code == 403
    assert first_step(app, made_careful(app, make_customer().admin)).get("/staff").status_code == 303


def test_a_stolen_password_adds_no_factor_beside_the_passkey(app, browse_as, lan):
    give_passkey(app, lan)

    thief = browse_as(lan)

    for page in (SETUP, "/security/passkeys/add", "/profile/email"):
        asked = thief.get(page)
        assert (asked.status_code, asked.headers.get("Location", "").partition("?")[0]) == (303, "/confirm-identity")
    assert thief.submit("/confirm-identity", {"password": PASSWORD}).status_code != 303
    assert thief.get(SETUP).status_code == 303
