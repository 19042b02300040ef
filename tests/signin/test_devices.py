"""Known devices: a letter about those that are not, a list that says what each is, and tries that count for each."""

import pytest

from portal.core.database import db
from tests.support.browse import link_in
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


LETTER = "signin/new-device"


@pytest.fixture
def letters(mailbox, work):
    """The letters about new devices that this address got until now."""

    def about(user):
        work()
        return mailbox.letters(user.email, LETTER)

    return about


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
