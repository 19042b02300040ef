"""Known devices: a letter about those that are not, a list that says what each is, and tries that count for each."""

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.models import SignIn
from tests.support.browse import Browse, link_in
from tests.support.devices import (
    CAFE,
    CAFE_V6,
    FIREFOX,
    HOME,
    HOME_TOO,
    HOME_V6,
    HOME_V6_TOO,
    NEWER_FIREFOX,
    SAFARI,
    browser_at,
)
from tests.support.people import PASSWORD, give_second_step

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NEW = "chiếc ghe chở đầy cam"
LETTER = "signin/new-device"


@pytest.fixture
def letters(mailbox, work):
    """The letters about new devices that this address got until now."""

    def about(user):
        work()
        return mailbox.letters(user.email, LETTER)

    return about


def guess(browser, user, times):
    """Wrong passwords; the status of each answer."""
    return [browser.submit("/sign-in", {"email": user.email, "password": "a guess"}).status_code for _ in range(times)]


def wrong_tries(app, user, times, move_clock):
    """A stranger guesses every five minutes; after twelve the next try has to wait for more than a minute."""
    stranger = browser_at(app, CAFE)
    for n in range(times):
        move_clock(hours=1, seconds=300 * n)
        assert guess(stranger, user, 1) == [422]


# --- the letter


def test_the_first_device_of_all_needs_no_letter(app, make_customer, letters):
    alice = make_customer().admin

    browser_at(app).sign_in(alice)

    assert letters(alice) == []


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ((HOME, FIREFOX), (HOME, FIREFOX)),
        ((HOME, FIREFOX), (HOME_TOO, NEWER_FIREFOX)),
        ((HOME_V6, FIREFOX), (HOME_V6_TOO, FIREFOX)),
    ],
    ids=["the same", "a newer version, another address of the network", "another address of an IPv6 network"],
)
def test_a_device_that_was_here_before_needs_none_either(app, make_customer, letters, first, again):
    alice = make_customer().admin
    browser_at(app, *first).sign_in(alice)

    browser_at(app, *again).sign_in(alice)

    assert letters(alice) == []


@pytest.mark.parametrize(
    ("first", "other"),
    [((HOME, FIREFOX), (HOME, SAFARI)), ((HOME, FIREFOX), (CAFE, FIREFOX)), ((HOME_V6, FIREFOX), (CAFE_V6, FIREFOX))],
    ids=["browser", "network", "IPv6 network"],
)
def test_clause_4_4_another_browser_or_another_network_is_told_of(app, make_customer, letters, first, other):
    alice = make_customer().admin
    browser_at(app, *first).sign_in(alice)

    browser_at(app, *other).sign_in(alice)

    assert len(letters(alice)) == 1


@pytest.mark.parametrize(
    ("locale", "words"), [("en", ["Password", "Safari"]), ("vi", ["Mật khẩu", "Safari"])], ids=["en", "vi"]
)
def test_the_letter_says_how_where_and_with_what_in_the_persons_language(app, make_customer, letters, locale, words):
    alice = make_customer(locale=locale).admin
    browser_at(app).sign_in(alice)

    browser_at(app, CAFE, SAFARI, language="en").sign_in(alice)

    (letter,) = letters(alice)
    for part in (*words, "iOS 17", CAFE):
        assert part in letter.text, part
    assert FIREFOX.partition("/")[0] not in letter.text
    assert browser_at(app).get(link_in(letter.text, "/not-me/")).status_code == 200


def test_ninety_days_later_a_device_is_new_again(app, make_customer, letters, move_clock):
    alice = make_customer().admin
    browser_at(app).sign_in(alice)

    move_clock(days=89)
    browser_at(app).sign_in(alice)
    assert letters(alice) == []
    move_clock(days=180)
    browser_at(app, CAFE, SAFARI).sign_in(alice)
    move_clock(days=181)
    browser_at(app).sign_in(alice)

    assert len(letters(alice)) == 2


def test_half_a_sign_in_is_told_of_only_when_the_code_is_right(app, make_customer, letters):
    alice = make_customer().admin
    browser_at(app).sign_in(alice)
    with app.app_context():
        give_second_step(db.session.merge(alice))
        db.session.commit()
    cafe = browser_at(app, CAFE)

    half = cafe.submit("/sign-in", {"email": alice.email, "password": PASSWORD})
    assert half.headers["Location"] == "/sign-in/second-step"
    cafe.submit("/sign-in/second-step", {"code": "000000"})
    assert letters(alice) == []
    cafe.submit("/sign-in/second-step", {"code": cafe.code_for(alice)})

    assert len(letters(alice)) == 1


# --- the list


def test_the_list_says_how_each_got_in_and_how_surely_and_where_it_was_last_seen(app, make_customer):
    alice = make_customer().admin
    browser_at(app, HOME).sign_in(alice)
    with app.app_context():
        give_second_step(db.session.merge(alice))
        db.session.commit()
    here = browser_at(app, HOME, SAFARI)
    here.sign_in(alice)

    page = here.get("/security/sessions").get_data(as_text=True)

    assert page.count("Confirmed twice") == 1
    assert page.count("This device") == 1
    for part in ("Firefox 130 · Windows 10", "Mobile Safari", "Password", HOME):
        assert part in page, part


def test_a_network_they_never_came_from_is_marked(app, make_customer):
    alice = make_customer().admin
    home = browser_at(app, HOME)
    home.sign_in(alice)
    assert "New network" not in home.get("/security/sessions").get_data(as_text=True)

    browser_at(app, CAFE).sign_in(alice)

    page = home.get("/security/sessions").get_data(as_text=True)
    assert page.count("New network") == 1
    assert "New network" in page.partition(CAFE)[0].rpartition("<tr>")[2]


def test_a_session_that_wanders_to_an_unknown_network_is_marked_too(app, make_customer, move_clock):
    alice = make_customer().admin
    browser_at(app, HOME, SAFARI).sign_in(alice)
    move_clock(hours=1)
    home, cookie_thief = browser_at(app, HOME), browser_at(app, CAFE)
    home.sign_in(alice)
    cookie_thief.client.set_cookie("sid", home.client.get_cookie("sid").value)

    move_clock(hours=1, seconds=90)
    cookie_thief.get("/overview")

    page = home.get("/security/sessions").get_data(as_text=True)
    assert page.count("New network") == 1
    assert CAFE in page


@ON_SQLITE
def test_the_list_reads_in_vietnamese(app, make_customer):
    alice = make_customer(locale="vi").admin
    browser_at(app).sign_in(alice)
    there = browser_at(app, CAFE, SAFARI)
    there.sign_in(alice)

    page = there.get("/security/sessions").get_data(as_text=True)

    for part in ("Thiết bị này", "Mạng mới", "Mật khẩu"):
        assert part in page, part


# --- tries count for each known device


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


# --- what the person hears of it


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
