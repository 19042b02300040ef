"""What was typed at sign-up counts only in the browser that typed it; anywhere else the mailbox's owner chooses."""

import pytest
from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.joining.models import Registration
from portal.signin.providers.models import LinkedAccount, Newcomer
from tests.joining.test_sign_up import FIELDS
from tests.support.browse import Browse, link_in, token_of
from tests.support.providers import come_from, environ  # noqa: F401 (a portal that knows both)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CHOSEN = "mưa rào trên cầu Rồng"
DETAILS = {"kind": "individual", "full_name": "Trần Thị Bích", "age_confirmed": "y", "accept_policy": "y"}


@pytest.fixture
def letter(mailbox, work):
    def newest():
        work()
        return link_in(mailbox.wait_for(FIELDS["email"], "joining/verify").text, "/verify-email/")

    return newest


@pytest.fixture
def rows(app):
    def of(model):
        with app.app_context():
            return list(db.session.scalars(select(model)))

    return of


def signs_in(browser, password):
    reply = browser.submit("/sign-in", {"email": FIELDS["email"], "password": password})
    return reply.status_code == 303


def test_in_the_browser_that_signed_up_one_press_is_enough(app, browse, letter):
    browse.submit("/sign-up", FIELDS)
    link = letter()

    page = browse.get(link).get_data(as_text=True)
    reply = browse.submit(link)

    assert 'name="password"' not in page
    assert reply.headers["Location"] == "/sign-in"
    assert signs_in(Browse(app), FIELDS["password"])


def test_in_another_browser_the_password_chosen_there_is_the_only_one(app, browse, letter):
    browse.submit("/sign-up", FIELDS)
    link, phone = letter(), Browse(app)

    page = phone.get(link).get_data(as_text=True)
    reply = phone.submit(link, {"password": CHOSEN})

    assert 'name="password"' in page
    assert "another browser" in page
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert phone.get("/overview").status_code == 303
    assert not signs_in(browse, FIELDS["password"])
    assert signs_in(phone, CHOSEN)


def test_a_press_without_a_password_opens_nothing_there(app, browse, letter, rows):
    browse.submit("/sign-up", FIELDS)
    link, phone = letter(), Browse(app)
    token = token_of(phone.get(link))

    replies = [phone.post(link, {"csrf_token": token, **more}) for more in ({}, {"password": ""})]

    assert [reply.status_code for reply in replies] == [422, 422]
    assert rows(User) == []


@ON_SQLITE
@pytest.mark.parametrize("password", ["ngắn9", "matkhau123", "bich@example.com", "TrầnThịBích", "x" * 129])
def test_the_password_chosen_there_keeps_the_rules_and_the_link_stays_valid(app, browse, letter, rows, password):
    browse.submit("/sign-up", FIELDS)
    link, phone = letter(), Browse(app)

    refused = phone.submit(link, {"password": password})

    assert refused.status_code == 422
    assert "field-error" in refused.get_data(as_text=True)
    assert password not in refused.get_data(as_text=True)
    assert rows(User) == []
    assert phone.submit(link, {"password": CHOSEN}).status_code == 303


def test_with_every_cookie_refused_signing_up_works_and_the_password_is_asked_again(app, letter, rows):
    refusing = Browse(app, cookies=False)
    refusing.submit("/sign-up", FIELDS)
    link = letter()

    page = refusing.get(link).get_data(as_text=True)
    reply = refusing.submit(link, {"password": CHOSEN})

    assert 'name="password"' in page
    assert reply.status_code == 303
    assert [user.email for user in rows(User)] == [FIELDS["email"]]
    assert signs_in(Browse(app), CHOSEN)


@ON_SQLITE
def test_signing_out_in_between_makes_it_another_browser(browse, make_customer, letter):
    browse.submit("/sign-up", FIELDS)
    browse.sign_in(make_customer(email="khac@example.com").admin)
    browse.submit("/sign-out", page="/overview")

    assert 'name="password"' in browse.get(letter()).get_data(as_text=True)


@ON_SQLITE
def test_two_sign_ups_in_one_browser_are_both_its_own(browse, letter):
    browse.submit("/sign-up", FIELDS | {"email": "khac@example.com"})
    browse.submit("/sign-up", FIELDS)

    assert 'name="password"' not in browse.get(letter()).get_data(as_text=True)


def test_a_facebook_account_that_waits_is_dropped_in_another_browser(app, browse, facebook, letter, rows):
    come_from(browse, facebook, "77", name="Hà")
    browse.submit("/sign-up/continue", DETAILS | {"email": FIELDS["email"]})
    link, phone = letter(), Browse(app)

    page = phone.get(link).get_data(as_text=True)
    phone.submit(link, {"password": CHOSEN})

    assert 'name="password"' in page
    assert (rows(LinkedAccount), rows(Newcomer), rows(Registration)) == ([], [], [])
    assert come_from(browse, facebook, "77").headers["Location"] == "/sign-up/continue"
    assert signs_in(phone, CHOSEN)


def test_a_facebook_account_that_opens_another_account_by_now_is_replaced_by_a_password(
    app, browse, browse_as, make_customer, facebook, letter, rows
):
    come_from(browse, facebook, "77", name="Hà")
    browse.submit("/sign-up/continue", DETAILS | {"email": FIELDS["email"]})
    other = make_customer(email="khac@example.com").admin
    theirs = browse_as(other)
    come_from(theirs, facebook, "77", start="/security/linked/facebook/link")
    theirs.submit("/security/linked/confirm")

    reply = browse.submit(letter(), {"password": CHOSEN})

    assert reply.status_code == 303
    assert [account.user_id for account in rows(LinkedAccount)] == [other.id]
    assert signs_in(Browse(app), CHOSEN)


def test_an_address_that_got_an_account_meanwhile_is_not_said_to_be_verified(app, browse, make_customer, letter, rows):
    browse.submit("/sign-up", FIELDS)
    link = letter()
    make_customer(email=FIELDS["email"])

    reply = browse.submit(link)

    page = browse.get("/sign-in").get_data(as_text=True)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert "An account with this address exists by now" in page
    assert "Your address is verified" not in page
    assert (len(rows(User)), rows(Registration)) == (1, [])
    assert not signs_in(browse, FIELDS["password"])


def test_pressed_twice_there_it_opens_one_account(app, browse, letter, rows):
    browse.submit("/sign-up", FIELDS)
    link, phone = letter(), Browse(app)
    token = token_of(phone.get(link))

    codes = [phone.post(link, {"csrf_token": token, "password": CHOSEN}).status_code for _ in range(2)]

    assert codes == [303, 404]
    assert len(rows(User)) == 1
