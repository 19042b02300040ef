"""Strangers' guesses never shut out a device the person is known to use, and are told of."""

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.models import SignIn
from tests.support.browse import Browse, link_in
from tests.support.devices import (
    CAFE,
    HOME,
    HOME_TOO,
    NEWER_FIREFOX,
    SAFARI,
    browser_at,
)
from tests.support.people import PASSWORD, give_second_step

NEW = "chiếc ghe chở đầy cam"


def guess(browser, user, times):
    """Wrong passwords; the status of each answer."""
    return [browser.submit("/sign-in", {"email": user.email, "password": "a guess"}).status_code for _ in range(times)]


def wrong_tries(app, user, times, move_clock):
    """A stranger guesses every five minutes; after twelve the next try has to wait for more than a minute."""
    stranger = browser_at(app, CAFE)
    for n in range(times):
        move_clock(hours=1, seconds=300 * n)
        assert guess(stranger, user, 1) == [422]


def test_a_right_password_from_a_known_device_gets_in_whatever_strangers_do(app, make_customer, move_clock):
    alice = make_customer().admin
    browser_at(app, HOME).sign_in(alice)
    wrong_tries(app, alice, 12, move_clock)
    assert guess(browser_at(app, CAFE), alice, 3) == [429] * 3

    browser_at(app, HOME_TOO, NEWER_FIREFOX).sign_in(alice)


def test_from_an_unknown_device_even_the_right_password_waits(app, make_customer, move_clock):
    alice = make_customer().admin
    wrong_tries(app, alice, 12, move_clock)

    reply = browser_at(app, HOME).submit("/sign-in", {"email": alice.email, "password": PASSWORD})

    assert reply.status_code == 429
    with app.app_context():
        assert db.session.scalar(select(SignIn)) is None


@pytest.fixture
def reset(mailbox, work):
    """Set the password NEW by a link from the mailbox, in this browser."""

    def by_mailbox(browser, user):
        browser.submit("/forgot-password", {"email": user.email})
        work()
        letter = mailbox.wait_for(user.email, "signin/reset-password")
        assert browser.submit(link_in(letter.text, "/reset-password/"), {"password": NEW}).status_code == 303

    return by_mailbox


def test_who_proves_the_mailbox_gets_in_at_once_wherever_they_are(app, make_customer, reset, move_clock):
    alice = make_customer().admin
    there = browser_at(app, CAFE, SAFARI)
    wrong_tries(app, alice, 12, move_clock)
    assert guess(there, alice, 1) == [429]

    reset(there, alice)

    there.sign_in(alice, NEW)


def test_a_proven_mailbox_counts_for_its_own_account_only(app, make_customer, reset, move_clock):
    alice, bob = make_customer().admin, make_customer().admin
    there = browser_at(app, CAFE, SAFARI)
    reset(there, alice)

    wrong_tries(app, bob, 12, move_clock)

    assert guess(there, bob, 1) == [429]


def test_a_proven_mailbox_counts_for_an_hour(app, make_customer, reset, move_clock):
    alice = make_customer().admin
    there = browser_at(app, CAFE, SAFARI)
    reset(there, alice)

    wrong_tries(app, alice, 13, move_clock)  # begins an hour later

    assert guess(there, alice, 1) == [429]


def test_a_device_of_one_account_is_no_device_of_another(app, make_customer, move_clock):
    alice, bob = make_customer().admin, make_customer().admin
    browser_at(app, HOME).sign_in(bob)
    wrong_tries(app, alice, 12, move_clock)

    assert guess(browser_at(app, HOME), alice, 1) == [429]
    assert guess(browser_at(app, HOME), bob, 1) == [422]


def test_many_wrong_tries_are_told_at_the_next_right_sign_in_once(app, make_customer, move_clock):
    alice = make_customer().admin
    browser_at(app).sign_in(alice)
    wrong_tries(app, alice, 12, move_clock)

    home = browser_at(app)
    home.sign_in(alice)

    page = home.get("/overview").get_data(as_text=True)
    assert "12 wrong passwords were tried for your account since" in page
    assert 'href="/security"' in page
    again = Browse(app)
    again.client.environ_base |= home.client.environ_base
    again.sign_in(alice)
    assert "wrong passwords" not in again.get("/overview").get_data(as_text=True)


def test_a_few_of_ones_own_mistakes_are_nothing_to_tell(app, make_customer, move_clock):
    alice = make_customer().admin
    wrong_tries(app, alice, 9, move_clock)
    move_clock(hours=4)

    home = browser_at(app)
    home.sign_in(alice)

    assert "wrong passwords" not in home.get("/overview").get_data(as_text=True)


def test_wrong_tries_are_told_in_vietnamese_too(app, make_customer, move_clock):
    alice = make_customer(locale="vi").admin
    wrong_tries(app, alice, 11, move_clock)
    move_clock(hours=6)

    home = browser_at(app, language="vi")
    home.sign_in(alice)

    assert "11 lần nhập sai mật khẩu" in home.get("/overview").get_data(as_text=True)


def test_nobody_hears_of_wrong_tries_before_the_second_step(app, make_customer, move_clock):
    alice = make_customer().admin
    with app.app_context():
        give_second_step(db.session.merge(alice))
        db.session.commit()
    wrong_tries(app, alice, 12, move_clock)
    move_clock(hours=4)

    half = browser_at(app)
    half.submit("/sign-in", {"email": alice.email, "password": PASSWORD})

    assert "wrong passwords" not in half.get("/sign-in/second-step").get_data(as_text=True)
