"""The second step: a code that only the person's telephone knows, never accepted twice."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin import entering
from portal.signin.factors import totp
from portal.signin.factors.models import RecoveryCode, SecondStep
from portal.signin.models import Handshake, SignIn, Way
from tests.support.browse import SECOND_STEP, Browse, token_of
from tests.support.people import PASSWORD, SECRET
from tests.support.second_step import (
    SETUP,
    app_shows,
    at_once,
    at_the_start_of_a_step,
    codes_on,
    first_step,
    made_careful,
    other_than,
    secret_on,
    switch_on,
)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def binh(app, make_customer):
    """She has an authenticator app and her codes on paper."""
    return made_careful(app, make_customer().admin)


@pytest.fixture(autouse=True)
def steady(move_clock):
    at_the_start_of_a_step(move_clock)


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


# --- switching it on


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


# --- typing codes


@ON_SQLITE
@pytest.mark.parametrize("spelling", ["{}", " {} ", "{0:.3} {0:.0}", "full width", "dashed"])
def test_a_code_is_taken_as_people_type_it(app, binh, spelling):
    code = app_shows()
    typed = {
        "{0:.3} {0:.0}": f"{code[:3]} {code[3:]}",
        "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in code),
        "dashed": f"{code[:3]}-{code[3:]}",
    }.get(spelling, spelling.format(code))

    reply = first_step(app, binh).submit(SECOND_STEP, {"code": typed})

    assert reply.status_code == 303


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "😀", "-1", "1e5", "BBBB-BBBB-BBBB-BBBB", "x" * 99]
)
def test_what_is_no_code_is_a_mistake_beside_its_field(app, binh, wrong):
    browse = first_step(app, binh)

    reply = browse.submit(SECOND_STEP, {"code": wrong})

    assert reply.status_code == 422
    assert "field-error" in reply.get_data(as_text=True)
    assert browse.get("/overview").status_code == 303


def test_a_code_is_never_accepted_twice(app, binh):
    code = app_shows()
    first_step(app, binh).submit(SECOND_STEP, {"code": code})

    onlooker = first_step(app, binh)
    reply = onlooker.submit(SECOND_STEP, {"code": code})

    assert reply.status_code == 422
    assert onlooker.get("/overview").status_code == 303
    assert "second-step.replayed" in acts(app)


@ON_SQLITE
def test_the_code_that_switched_it_on_signs_nobody_in(app, browse_as, make_customer):
    alice = make_customer().admin
    secret, _codes = switch_on(browse_as(alice))

    assert first_step(app, alice).submit(SECOND_STEP, {"code": app_shows(secret)}).status_code == 422


def test_clocks_may_be_half_a_minute_off_and_no_more_and_an_earlier_code_is_over(app, binh):
    def accepted(later):
        return first_step(app, binh).submit(SECOND_STEP, {"code": app_shows(later=later)}).status_code == 303

    assert [accepted(later) for later in (-60, 60, -30, 30, 0)] == [False, False, True, True, False]


def test_of_two_who_send_one_code_at_the_same_moment_one_gets_in(app, binh):
    code, browsers = app_shows(), [first_step(app, binh) for _ in range(2)]
    fields = {one: {"csrf_token": token_of(one.get(SECOND_STEP)), "code": code} for one in browsers}

    replies = at_once(browsers[0], SECOND_STEP, fields, browsers[1])

    assert sorted(reply.status_code for reply in replies) == [303, 422]
    assert count(app, SignIn) == 1


@ON_SQLITE
def test_after_five_wrong_codes_one_starts_again(app, binh):
    browse = first_step(app, binh)

    replies = [browse.submit(SECOND_STEP, {"code": other_than(app_shows())}) for _ in range(5)]

    assert [reply.status_code for reply in replies] == [422] * 4 + [303]
    assert replies[-1].headers["Location"] == "/sign-in"
    assert browse.get(SECOND_STEP).headers["Location"] == "/sign-in"
    assert acts(app).count("second-step.refused") == 5


@ON_SQLITE
def test_after_many_wrong_codes_the_next_one_waits_however_often_one_starts_again(app, binh, move_clock):
    for minute in range(12):
        move_clock(seconds=70 * minute)  # the waits before are over
        first_step(app, binh).submit(SECOND_STEP, {"code": other_than(app_shows())})
    browse = first_step(app, binh)

    reply = browse.submit(SECOND_STEP, {"code": app_shows()})

    assert reply.status_code == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 64
    assert browse.get("/overview").status_code == 303


def test_the_first_step_counts_for_ten_minutes_and_only_in_its_browser(app, binh, move_clock):
    browse = first_step(app, binh)
    token = token_of(browse.get(SECOND_STEP))

    assert Browse(app).get(SECOND_STEP).headers["Location"] == "/sign-in"
    move_clock(seconds=11 * 60)
    late = browse.post(SECOND_STEP, {"csrf_token": token, "code": app_shows()})

    assert late.headers["Location"] == "/sign-in"
    assert count(app, SignIn) == 0
    assert "second-step.too-late" in acts(app)


@ON_SQLITE
def test_a_providers_word_does_not_replace_the_second_step(app, binh):
    with app.test_request_context():
        answer = entering.enter(binh, Way.GOOGLE, entering.web.visitor(), after="/exports")

    assert answer.headers["Location"] == SECOND_STEP
    assert count(app, SignIn) == 0


# --- switching it off


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
