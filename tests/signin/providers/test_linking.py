"""Linking Google and Facebook to an account that is there, and taking them off again (clause 4.3)."""

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.signin.models import SignIn
from portal.signin.providers.models import LinkedAccount
from tests.signin.providers.conftest import BINH, CONFIRM, LINK, ON_SQLITE, UNLINK, text_of
from tests.support.browse import Browse, hidden_of, token_of
from tests.support.people import PASSWORD
from tests.support.providers import come_back, come_from, go_to


def test_clause_4_3_somebody_links_google_and_signs_in_with_it(app, binh, browser, google, link, rows, mailbox, work):
    arrived = come_from(browser, google, "1001", start=LINK, **BINH)
    asked = text_of(browser.get(CONFIRM))
    before = rows(LinkedAccount)

    reply = browser.submit(CONFIRM)

    assert (arrived.status_code, arrived.headers["Location"]) == (303, CONFIRM)
    assert "binh@gmail.com" in asked
    assert "Bình ở Google" in asked
    assert before == []
    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    [account] = rows(LinkedAccount)
    assert (account.user_id, account.subject, account.email) == (binh.id, "1001", "binh@gmail.com")
    assert "account.linked" in [entry.act for entry in rows(AuditEntry)]
    work()
    assert mailbox.wait_for(binh.email, "signin/account-linked")
    elsewhere = Browse(app)
    assert come_from(elsewhere, google, "1001").headers["Location"] == "/overview"


def test_clause_4_3_the_page_shows_what_was_received_and_when_it_was_used(app, browser, google, link):
    empty = text_of(browser.get("/security/linked"))
    link(browser)
    linked = text_of(browser.get("/security/linked"))
    come_from(Browse(app), google, "1001", email="binh.moi@gmail.com", email_verified=True, name="Bình mới")

    used = text_of(browser.get("/security/linked"))

    assert "Unlink Google" not in empty
    assert "binh@gmail.com" in linked
    assert "not yet" in linked
    assert "binh.moi@gmail.com" in used
    assert "not yet" not in used


def test_clause_4_3_the_profile_shows_what_was_received_by_source(browser, link):
    before = text_of(browser.get("/profile"))
    link(browser)

    after = text_of(browser.get("/profile"))

    assert "not linked to Google or Facebook" in before
    assert "Received from Google and Facebook" in after
    assert "Bình ở Google" in after
    assert "binh@gmail.com" in after
    assert "/my-data/linked-accounts" in after
    assert "binh@gmail.com" in text_of(browser.get("/my-data/linked-accounts"))


@ON_SQLITE
def test_the_profile_costs_three_statements_at_most(browser, link, statements):
    link(browser)
    browser.get("/profile")

    with statements() as seen:
        browser.get("/profile")

    assert len(seen) <= 3, seen


@ON_SQLITE
@pytest.mark.parametrize("path", [LINK, CONFIRM, UNLINK])
def test_linking_and_unlinking_ask_who_is_there(browser, link, move_clock, path):
    link(browser)
    move_clock(seconds=601)

    reply = browser.get(path)

    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/confirm-identity?next=")


@ON_SQLITE
def test_a_press_after_ten_minutes_proves_first_and_links_then(browser, google, rows, move_clock):
    come_from(browser, google, "1001", start=LINK, **BINH)
    token = token_of(browser.get(CONFIRM))
    move_clock(seconds=601)

    late = browser.post(CONFIRM, {"csrf_token": token})
    proven = browser.submit(late.headers["Location"], {"password": PASSWORD})

    assert rows(LinkedAccount) == []
    assert proven.headers["Location"] == CONFIRM
    browser.submit(CONFIRM)
    assert len(rows(LinkedAccount)) == 1


@ON_SQLITE
def test_nothing_to_link_leads_to_where_linking_begins(browser):
    reply = browser.get(CONFIRM)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")


def test_somebody_else_who_comes_back_in_another_tab_is_shown_before_anything_is_linked(browser, google, rows):
    come_from(browser, google, "1001", start=LINK, **BINH)
    hidden = hidden_of(browser.get(CONFIRM))
    come_from(browser, google, "6666", start=LINK, email="ke.gian@gmail.com", email_verified=True)

    swapped = browser.post(CONFIRM, hidden)
    left_out = browser.post(CONFIRM, {"csrf_token": hidden["csrf_token"]})

    assert (swapped.status_code, left_out.status_code) == (422, 422)
    assert "Somebody else came back" in text_of(swapped)
    assert "ke.gian@gmail.com" in text_of(swapped)
    assert rows(LinkedAccount) == []


@ON_SQLITE
def test_a_forged_press_links_nothing(browser, google, rows):
    come_from(browser, google, "1001", start=LINK, **BINH)

    reply = browser.post(CONFIRM)

    assert reply.status_code == 400
    assert rows(LinkedAccount) == []


def test_an_identity_of_somebody_else_is_refused_and_names_nobody(browse_as, make_customer, browser, google, link):
    other = make_customer(email="khac@example.com", full_name="Lý Khắc").admin
    link(browse_as(other))
    come_from(browser, google, "1001", start=LINK, **BINH)

    shown = browser.get(CONFIRM)
    pressed = browser.submit(CONFIRM, page="/security/linked")

    assert (shown.status_code, pressed.status_code) == (422, 422)
    assert "opens another account here" in text_of(pressed)
    assert "khac@example.com" not in text_of(pressed)
    assert "Lý Khắc" not in text_of(pressed)


def test_another_google_account_replaces_only_after_unlinking(browser, google, link, rows):
    link(browser)
    come_from(browser, google, "2002", start=LINK, email="hai@gmail.com", email_verified=True)

    refused = browser.get(CONFIRM)
    browser.submit(UNLINK)
    linked = browser.submit(CONFIRM)

    assert refused.status_code == 422
    assert "Unlink that one first" in text_of(refused)
    assert linked.status_code == 303
    assert [account.subject for account in rows(LinkedAccount)] == ["2002"]


def test_linking_what_is_linked_already_says_so(browser, google, link, rows):
    link(browser)

    reply = come_from(browser, google, "1001", start=LINK, **BINH)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    assert "linked to you already" in text_of(browser.get("/security/linked"))
    assert len(rows(LinkedAccount)) == 1


def test_whoever_signs_in_as_somebody_else_meanwhile_links_nothing(browser, google, make_customer, rows):
    location = go_to(browser, "google", start=LINK)
    google.knows("1001", **BINH)
    back = google.choose(location, "1001")
    browser.sign_in(make_customer(email="khac@example.com").admin)

    reply = come_back(browser, back)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    assert "Nothing was linked" in text_of(browser.get("/security/linked"))
    assert browser.get(CONFIRM).headers["Location"] == "/security/linked"
    assert "linking.refused" in [entry.act for entry in rows(AuditEntry)]


def test_a_session_ended_meanwhile_links_nothing(app, browser, google, rows, set_columns):
    location = go_to(browser, "google", start=LINK)
    google.knows("1001", **BINH)
    back = google.choose(location, "1001")
    with app.app_context():
        db.session.execute(SignIn.__table__.delete())
        db.session.commit()

    come_back(browser, back)

    assert browser.get("/security/linked").headers["Location"].startswith("/sign-in")
    assert "linking.refused" in [entry.act for entry in rows(AuditEntry)]


def test_an_address_that_changes_at_google_changes_nothing_here(app, binh, browser, google, link, rows):
    link(browser)

    reply = come_from(Browse(app), google, "1001", email="ten.moi@gmail.com", email_verified=True, name="Tên mới")

    assert reply.headers["Location"] == "/overview"
    [account] = rows(LinkedAccount)
    assert (account.email, account.full_name) == ("ten.moi@gmail.com", "Tên mới")
    assert [user.email for user in rows(User)] == [binh.email]


def test_somebody_else_with_the_same_address_at_google_does_not_get_in(app, browser, google, link):
    link(browser)
    stranger = Browse(app)

    reply = come_from(stranger, google, "6666", **BINH)

    assert reply.headers["Location"] == "/sign-up/continue"
    assert stranger.get("/overview").status_code == 303


@ON_SQLITE
@pytest.mark.parametrize("path", ["/security/linked/twitter/link", "/security/linked/twitter/unlink"])
def test_there_are_no_other_providers(browser, path):
    assert browser.get(path).status_code == 404


def test_a_paused_link_does_not_open_and_says_why(app, browser, google, link, rows, set_columns):
    link(browser)
    set_columns(LinkedAccount, paused_at=clock.now())
    elsewhere = Browse(app)

    reply = come_from(elsewhere, google, "1001", **BINH)

    assert reply.status_code == 403
    assert "is paused" in text_of(reply)
    assert "/forgot-password" in text_of(reply)
    assert elsewhere.get("/overview").status_code == 303
    assert "signin.refused" in [entry.act for entry in rows(AuditEntry)]


def test_linking_again_ends_the_pause(app, browser, google, link, rows, set_columns):
    link(browser)
    set_columns(LinkedAccount, paused_at=clock.now())

    come_from(browser, google, "1001", start=LINK, **BINH)

    assert rows(LinkedAccount)[0].paused_at is None
    assert "account.link-resumed" in [entry.act for entry in rows(AuditEntry)]
    assert come_from(Browse(app), google, "1001").headers["Location"] == "/overview"


@ON_SQLITE
def test_while_the_account_closes_nothing_is_linked_and_nothing_taken_off(browser, google, link, rows, set_columns):
    link(browser)
    come_from(browser, google, "1001", start=LINK, **BINH)
    set_columns(User, closing_since=clock.now())

    page = text_of(browser.get("/security/linked"))
    replies = [browser.submit(path, page="/security/linked") for path in (UNLINK, CONFIRM)]

    assert "Unlink Google" not in page
    assert {reply.headers["Location"] for reply in replies} == {"/close-account"}
    assert len(rows(LinkedAccount)) == 1


@ON_SQLITE
def test_each_person_has_links_of_their_own(browser, browse_as, make_customer, google, link, rows):
    other = make_customer(email="khac@example.com").admin
    link(browse_as(other), sub="3003")

    browser.submit(UNLINK, page="/security/linked")

    assert [account.user_id for account in rows(LinkedAccount)] == [other.id]
