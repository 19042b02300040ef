"""The second step: a code that only the person's telephone knows, never accepted twice."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.factors import totp
from portal.signin.factors.models import RecoveryCode, SecondStep
from portal.signin.models import Handshake, SignIn
from tests.signin.factors.conftest import ON_SQLITE, acts, count
from tests.support.browse import SECOND_STEP, Browse, token_of
from tests.support.people import PASSWORD, SECRET
from tests.support.second_step import (
    SETUP,
    app_shows,
    at_once,
    codes_on,
    first_step,
    other_than,
    secret_on,
    switch_on,
)

pytestmark = pytest.mark.usefixtures("steady")


def test_clause_1_1_a_password_alone_opens_nothing_once_the_second_step_is_on(
    app, browse_as, make_customer, mailbox, work
):
    alice = make_customer().admin
    secret, codes = switch_on(browse_as(alice))
    work()

    thief = first_step(app, alice)

    assert thief.get("/overview").status_code == 303
    assert thief.submit(SECOND_STEP, {"code": other_than(app_shows(secret))}).status_code == 422
    assert thief.get("/overview").status_code == 303
    assert len(set(codes)) == 10
    assert mailbox.wait_for(alice.email, "signin/two-step-on")
    browse = first_step(app, alice, after="/exports")
    reply = browse.submit(SECOND_STEP, {"code": app_shows(secret, later=30)})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/exports")
    with app.app_context():
        assert all(db.session.scalars(select(SignIn.is_strong)))


@ON_SQLITE
def test_the_picture_and_the_text_say_the_same_secret_for_smartos_and_this_person(browse_as, make_customer):
    alice = make_customer(email="alice+smartos@example.com").admin

    page = browse_as(alice).get(SETUP)

    address = totp.address(secret_on(page), alice.email)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Smartos:alice%2Bsmartos%40example.com"
    assert parse_qs(parts.query) == {"secret": [secret_on(page)], "issuer": ["Smartos"]}
    assert totp.picture(address).replace("'", "&#39;") in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"


def test_the_secret_waits_in_this_browser_for_half_an_hour_and_nowhere_in_clear(
    app, browse_as, make_customer, move_clock
):
    alice = make_customer().admin
    browse, other = browse_as(alice), browse_as(alice)

    secret = secret_on(browse.get(SETUP))

    assert secret_on(browse.get(SETUP)) == secret
    assert secret_on(other.get(SETUP)) != secret
    with app.app_context():
        assert secret not in str([row.data for row in db.session.scalars(select(Handshake))])
    move_clock(seconds=31 * 60)
    browse.submit("/confirm-identity", {"password": PASSWORD})
    assert secret_on(browse.get(SETUP)) != secret


def test_what_waits_under_a_storage_key_that_is_gone_is_made_anew(app, browse_as, make_customer, monkeypatch):
    browse = browse_as(make_customer().admin)
    secret = secret_on(browse.get(SETUP))
    settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, storage_key="another key, of 32 letters or more"))

    anew = secret_on(browse.get(SETUP))
    reply = browse.submit(SETUP, {"code": app_shows(anew)})
    monkeypatch.setitem(app.extensions, "settings", settings)
    codes = browse.get(reply.headers["Location"])

    assert anew != secret
    assert count(app, SecondStep) == 1
    assert (codes.status_code, codes_on(codes)) == (200, [])
    assert "They were shown already" in codes.get_data(as_text=True)


def test_the_code_of_another_browsers_secret_switches_nothing_on(app, browse_as, make_customer):
    alice = make_customer().admin
    browse, other = browse_as(alice), browse_as(alice)
    foreign = secret_on(other.get(SETUP))
    browse.get(SETUP)

    reply = browse.submit(SETUP, {"code": app_shows(foreign)})

    assert reply.status_code == 422
    assert count(app, SecondStep) == 0
    assert "second-step.setup-refused" in acts(app)


@ON_SQLITE
def test_who_comes_next_in_the_same_browser_gets_a_secret_of_their_own(app, browse, make_customer):
    alice, chi = make_customer().admin, make_customer().admin
    browse.sign_in(alice)
    secret = secret_on(browse.get(SETUP))

    browse.sign_in(chi)

    assert secret_on(browse.get(SETUP)) != secret


def test_a_double_click_switches_it_on_once(app, browse_as, make_customer):
    browse = browse_as(make_customer().admin)
    page = browse.get(SETUP)
    fields = {"csrf_token": token_of(page), "code": app_shows(secret_on(page))}

    replies = at_once(browse, SETUP, fields)

    assert {reply.status_code for reply in replies} <= {303, 409}
    assert (count(app, SecondStep), count(app, RecoveryCode)) == (1, 10)
    assert browse.post(SETUP, fields).headers["Location"] == SETUP
    assert (count(app, SecondStep), count(app, RecoveryCode)) == (1, 10)


def test_whoever_else_is_signed_in_then_has_to_prove_it_anew(browse_as, make_customer):
    alice = make_customer().admin
    browse, other = browse_as(alice), browse_as(alice)
    assert other.get("/profile/email").status_code == 200

    switch_on(browse)

    assert other.get("/profile/email").headers["Location"].startswith("/confirm-identity")
    assert browse.get("/profile/email").status_code == 200


def test_switching_it_off_takes_a_fresh_proof_and_is_told(app, browse_as, binh, mailbox, work, move_clock):
    browse = browse_as(binh)
    move_clock(seconds=700)
    asked = browse.submit(f"{SETUP}/off", page="/security")

    browse.submit("/confirm-identity", {"password": PASSWORD, "code": browse.code_for(binh)})
    reply = browse.submit(f"{SETUP}/off", page=SETUP)
    work()

    assert asked.headers["Location"].startswith("/confirm-identity")
    assert reply.headers["Location"] == SETUP
    assert mailbox.wait_for(binh.email, "signin/two-step-off")
    assert (count(app, SecondStep), count(app, RecoveryCode)) == (0, 0)
    assert "second-step.off" in acts(app)
    assert secret_on(browse.get(SETUP)) != SECRET
    assert Browse(app).sign_in(binh).headers["Location"] == "/overview"
    assert codes_on(browse.get(SETUP)) == []
