"""The first time by Google or Facebook: age and policy as ever, and no address that nobody proved (clause 4.3)."""

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.signin.providers.models import LinkedAccount, Newcomer
from tests.joining.conftest import CONTINUE, DETAILS, HA, MINH, ON_SQLITE, rows, text_of
from tests.support.browse import Browse, hidden_of, link_in, token_of
from tests.support.providers import come_from, environ, go_to  # noqa: F401 (a portal that knows both)


def test_clause_4_3_whoever_comes_from_google_confirms_and_is_in(app, browse, google, mailbox, work):
    arrived = come_from(browse, google, "1001", **HA)

    reply = browse.submit(CONTINUE, DETAILS)

    assert (arrived.status_code, arrived.headers["Location"]) == (303, CONTINUE)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert browse.get("/overview").status_code == 200
    [user] = rows(app, User)
    assert (user.email, user.full_name, user.password_hash) == ("ha@gmail.com", "Phan Thu Hà", None)
    assert user.age_confirmed_at is not None
    [account] = rows(app, LinkedAccount)
    assert (account.user_id, account.subject, account.email) == (user.id, "1001", "ha@gmail.com")
    assert rows(app, Newcomer) == []
    work()
    assert [letter.name for letter in mailbox.letters("ha@gmail.com")] == ["joining/welcome"]
    assert {"account.opened", "account.linked", "signin.started"} <= {entry.act for entry in rows(app, AuditEntry)}


def test_the_second_time_google_opens_the_account(app, browse, google):
    come_from(browse, google, "1001", **HA)
    browse.submit(CONTINUE, DETAILS)
    elsewhere = Browse(app)

    reply = come_from(elsewhere, google, "1001", **HA)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert elsewhere.get("/overview").status_code == 200


def test_whoever_comes_from_facebook_without_an_address_gives_one_and_proves_it(app, browse, facebook, mailbox, work):
    come_from(browse, facebook, "77", name="Phan Thu Hà")

    reply = browse.submit(CONTINUE, DETAILS | {"email": "ha@example.com"})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up/sent")
    assert rows(app, User) == []
    work()
    link = link_in(mailbox.wait_for("ha@example.com", "joining/verify").text, "/verify-email/")
    page = text_of(browse.get(link))
    assert "sign in with Facebook" in page
    assert 'type="password"' not in page
    reply = browse.submit(link)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert browse.get("/overview").status_code == 303
    assert come_from(browse, facebook, "77").headers["Location"] == "/overview"
    [user] = rows(app, User)
    assert (user.email, user.password_hash) == ("ha@example.com", None)


@ON_SQLITE
def test_the_page_says_what_was_received_and_asks_only_for_what_is_missing(browse, google, facebook):
    come_from(browse, google, "1001", **HA)
    from_google = text_of(browse.get(CONTINUE))
    come_from(browse, facebook, "77", name="Hà Phan", email="ha.phan@example.com")
    from_facebook = text_of(browse.get(CONTINUE))

    assert 'value="Phan Thu Hà"' in from_google
    assert "ha@gmail.com" in from_google
    assert 'name="email"' not in from_google
    assert 'value="Hà Phan"' in from_facebook
    assert 'value="ha.phan@example.com"' in from_facebook


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value"),
    [("age_confirmed", ""), ("accept_policy", ""), ("full_name", ""), ("kind", "robot"), ("kind", "organisation")],
)
def test_without_age_and_policy_and_a_name_no_account_opens(app, browse, google, mailbox, work, field, value):
    come_from(browse, google, "1001", **HA)

    reply = browse.submit(CONTINUE, DETAILS | {field: value})

    work()
    assert reply.status_code == 422
    assert "field-error" in text_of(reply)
    assert (rows(app, User), rows(app, LinkedAccount)) == ([], [])
    assert mailbox.empty()


@ON_SQLITE
def test_a_proven_address_cannot_be_exchanged_in_the_form(app, browse, google):
    come_from(browse, google, "1001", **HA)

    browse.submit(CONTINUE, DETAILS | {"email": "somebody.else@example.com"})

    assert [user.email for user in rows(app, User)] == ["ha@gmail.com"]


@ON_SQLITE
def test_an_address_that_google_does_not_speak_for_is_proven_by_letter(app, browse, google, mailbox, work):
    come_from(browse, google, "1001", email="ha@example.com", email_verified=True, name="Hà")

    reply = browse.submit(CONTINUE, DETAILS | {"email": "ha@example.com"})

    work()
    assert reply.headers["Location"] == "/sign-up/sent"
    assert rows(app, User) == []
    assert mailbox.wait_for("ha@example.com").name == "joining/verify"


@ON_SQLITE
def test_another_browser_knows_nothing_of_the_newcomer(app, browse, google):
    come_from(browse, google, "1001", **HA)
    other = Browse(app)
    go_to(other, "google")  # on the way there itself

    reply = other.get(CONTINUE)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up")


@ON_SQLITE
def test_after_an_hour_the_newcomer_goes_to_google_once_more(app, browse, google, move_clock):
    come_from(browse, google, "1001", **HA)
    token = token_of(browse.get(CONTINUE))
    move_clock(hours=1.1)

    reply = browse.post(CONTINUE, DETAILS | {"csrf_token": token})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up")
    assert rows(app, User) == []


@ON_SQLITE
def test_clause_8_7_a_newcomer_who_did_not_finish_is_dropped_after_three_days(app, browse, google, move_clock):
    come_from(browse, google, "1001", **HA)
    move_clock(days=3.1)

    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now()):
            db.session.execute(statement)
        db.session.commit()

    assert rows(app, Newcomer) == []


def test_the_same_newcomer_finishing_in_two_browsers_opens_one_account(app, browse, google):
    other = Browse(app)
    for browser in (browse, other):
        come_from(browser, google, "1001", **HA)
    browse.submit(CONTINUE, DETAILS)

    reply = other.submit(CONTINUE, DETAILS, page="/sign-in")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert len(rows(app, User)) == 1


def test_a_button_pressed_twice_opens_one_account(app, browse, google):
    come_from(browse, google, "1001", **HA)
    hidden = hidden_of(browse.get(CONTINUE))

    replies = [browse.post(CONTINUE, DETAILS | hidden) for _ in range(2)]

    assert replies[0].status_code == 303
    assert len(rows(app, User)) == 1


def test_somebody_else_who_comes_back_in_another_tab_is_not_let_in_by_the_press_of_the_first(app, browse, google):
    come_from(browse, google, "1001", **HA)
    hidden = hidden_of(browse.get(CONTINUE))
    come_from(browse, google, "2002", **MINH)

    reply = browse.post(CONTINUE, DETAILS | hidden)
    again = browse.post(CONTINUE, DETAILS | hidden_of(reply))

    assert reply.status_code == 422
    assert "Somebody else came back" in text_of(reply)
    assert "minh@gmail.com" in text_of(reply)
    assert (again.status_code, again.headers["Location"]) == (303, "/overview")
    assert [account.subject for account in rows(app, LinkedAccount)] == ["2002"]


@ON_SQLITE
@pytest.mark.parametrize("newcomer", [{}, {"newcomer": ""}, {"newcomer": "nobody"}], ids=["left out", "empty", "other"])
def test_a_post_that_does_not_say_whom_its_page_showed_opens_nothing(app, browse, google, newcomer):
    come_from(browse, google, "1001", **HA)
    token = token_of(browse.get(CONTINUE))

    reply = browse.post(CONTINUE, DETAILS | {"csrf_token": token} | newcomer)

    assert reply.status_code == 422
    assert rows(app, User) == []


@ON_SQLITE
def test_who_is_signed_in_already_is_asked_whether_to_link(browse_as, make_customer, google):
    browser = browse_as(make_customer(email="khac@example.com").admin)

    come_from(browser, google, "1001", **HA)

    assert browser.get(CONTINUE).headers["Location"] == "/security/linked/confirm"


@ON_SQLITE
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"name": "x" * 500, "email": "ha@example.com"}, ("x" * 200, "ha@example.com")),
        ({"name": "nul\x00byte", "email": "not an address"}, ("", "")),
        ({"name": "  Hà\u202e  ", "email": "Ha@EXAMPLE.com"}, ("Hà", "Ha@example.com")),
        ({"name": "<script>alert(1)</script>", "email": "ạ@example.com"}, ("<script>alert(1)</script>", "")),
    ],
)
def test_what_a_provider_says_is_cleaned_like_what_a_person_types(app, browse, facebook, said, kept):
    come_from(browse, facebook, "77", **said)

    page = browse.get(CONTINUE)

    assert page.status_code == 200
    assert "<script>alert" not in text_of(page)
    assert [(row.full_name, row.email) for row in rows(app, Newcomer)] == [kept]
