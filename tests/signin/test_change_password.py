"""Changing the password, and proving once more who is there."""

from pathlib import Path

import pytest

from tests.support.browse import Browse, link_in, token_of
from tests.support.golden import assert_golden
from tests.support.people import PASSWORD

NEW = "chiếc ghe chở đầy cam"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
LETTERS = Path(__file__).parent / "letters"


def test_clause_8_7_a_new_password_ends_all_other_sessions_and_is_told_by_letter(
    browse_as, make_customer, mailbox, work
):
    alice = make_customer().admin
    here, phone = browse_as(alice), browse_as(alice)

    reply = here.submit("/security/password", {"current_password": PASSWORD, "password": NEW})
    work()

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security")
    assert here.get("/overview").status_code == 200
    assert phone.get("/overview").status_code == 303
    assert mailbox.wait_for(alice.email, "signin/password-changed")
    assert phone.submit("/sign-in", {"email": alice.email, "password": PASSWORD}).status_code == 422
    phone.sign_in(alice, NEW)


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("not her password", NEW, "not your password"),
        (PASSWORD, "short", "at least 8 characters"),
        (PASSWORD, "matkhau123", "leaked passwords"),
        ("", NEW, "Please fill this in"),
        (PASSWORD, "", "Please fill this in"),
    ],
)
def test_a_mistake_changes_nothing(browse_as, make_customer, mailbox, work, current, new, words):
    alice = make_customer().admin
    browse = browse_as(alice)

    reply = browse.submit("/security/password", {"current_password": current, "password": new})
    work()

    assert reply.status_code == 422
    assert words in reply.get_data(as_text=True)
    assert mailbox.empty()
    browse.sign_in(alice)


def test_a_password_that_holds_ones_name_is_refused(browse_as, make_customer):
    browse = browse_as(make_customer(full_name="Trần Thị Bích", email="tranbich@example.com").admin)

    for guessable in ("Tranbich@example.com", "tranbich-2026!", "xTRẦNTHỊBÍCHx"):
        reply = browse.submit("/security/password", {"current_password": PASSWORD, "password": guessable})
        assert "your name or address" in reply.get_data(as_text=True)


def test_a_link_asked_for_before_does_not_survive_the_change(browse_as, make_customer, mailbox, work):
    alice = make_customer().admin
    browse = browse_as(alice)
    Browse(browse.client.application).submit("/forgot-password", {"email": alice.email})
    work()
    link = link_in(mailbox.wait_for(alice.email, "signin/reset-password").text, "/reset-password/")

    browse.submit("/security/password", {"current_password": PASSWORD, "password": NEW})

    assert browse.get(link).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_guessing_the_present_password_from_a_stolen_session_is_stopped(browse_as, make_customer, move_clock):
    browse = browse_as(make_customer().admin)
    token = token_of(browse.get("/security/password"))
    move_clock(seconds=500)  # the sign-in still counts as a proof

    replies = [
        browse.post(path, {"csrf_token": token, "current_password": "a guess", "password": "a guess too"})
        for path in ["/security/password", "/confirm-identity"] * 10
    ]

    statuses = [reply.status_code for reply in replies]
    assert statuses[:6] == [422] * 6
    assert 429 in statuses
    assert statuses.count(422) < 14  # both pages count together, and each wrong try makes the next one wait longer


def test_with_an_old_proof_the_present_password_alone_changes_nothing(browse_as, make_customer, move_clock):
    alice = make_customer().admin
    browse = browse_as(alice)
    token = token_of(browse.get("/security/password"))
    move_clock(seconds=601)

    reply = browse.post("/security/password", {"csrf_token": token, "current_password": PASSWORD, "password": NEW})

    assert reply.headers["Location"] == "/confirm-identity?next=/security/password"
    assert browse.sign_in(alice).status_code == 303


def test_a_fresh_proof_opens_what_hurts_for_ten_minutes(browse_as, make_customer, move_clock):
    browse = browse_as(make_customer().admin)
    assert browse.get("/profile/email").status_code == 200
    move_clock(seconds=601)

    away = browse.get("/profile/email")
    assert (away.status_code, away.headers["Location"]) == (303, "/confirm-identity?next=/profile/email")
    assert browse.get("/overview").status_code == 200

    wrong = browse.submit(away.headers["Location"], {"password": "not her password"})
    assert wrong.status_code == 422
    assert browse.get("/profile/email").status_code == 303

    right = browse.submit(away.headers["Location"], {"password": PASSWORD})
    assert (right.status_code, right.headers["Location"]) == (303, "/profile/email")
    assert browse.get("/profile/email").status_code == 200
    move_clock(seconds=601 + 605)
    assert browse.get("/profile/email").status_code == 303


def test_one_browsers_proof_opens_nothing_in_another(browse_as, make_customer, move_clock):
    alice = make_customer().admin
    stolen = browse_as(alice)
    move_clock(seconds=601)

    browse_as(alice)

    assert stolen.get("/profile/email").status_code == 303


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_confirming_never_leads_to_another_site(browse_as, make_customer):
    browse = browse_as(make_customer().admin)

    reply = browse.submit("/confirm-identity?next=//evil.example", {"password": PASSWORD})

    assert reply.headers["Location"] == "/overview"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_letter_reads_well(app, make_customer, mailbox, work, locale):
    bich = make_customer(email="bich@example.com", full_name="Trần Thị Bích", locale=locale).admin
    browse, agent = Browse(app), {"User-Agent": FIREFOX}
    fields = {"csrf_token": token_of(browse.get("/sign-in")), "email": bich.email, "password": PASSWORD}
    browse.post("/sign-in", fields, headers=agent)

    browse.submit("/security/password", {"current_password": PASSWORD, "password": NEW})
    work()

    assert_golden(mailbox.wait_for(bich.email), LETTERS / f"password-changed.{locale}.txt")
