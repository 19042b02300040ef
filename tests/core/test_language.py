"""Which language somebody reads: their own, else the cookie's, else the browser's, else Vietnamese (DECISIONS 5)."""

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from portal.core import language
from tests.support.browse import Browse
from tests.support.portals import portal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def language_of(browse, path="/cookies"):
    return browse.get(path).get_data(as_text=True).partition('<html lang="')[2][:2]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("vi", "vi"),
        ("en", "en"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("fr-FR,fr;q=0.9", "vi"),
        ("fr-FR,en;q=0.5", "en"),
        ("", "vi"),
        ("*", "vi"),
        ("x" * 500, "vi"),
    ],
)
def test_without_a_choice_the_browser_says_it(app, accepted, spoken):
    assert language_of(Browse(app, language=accepted)) == spoken


def test_the_default_is_a_setting(environ):
    with portal(environ | {"PORTAL_DEFAULT_LOCALE": "en"}) as app:
        assert language_of(Browse(app, language="fr")) == "en"


def test_a_choice_beats_the_browser_and_comes_back_to_the_same_page(browse):
    reply = browse.post(
        "/locale",
        {"csrf_token": token(browse), "locale": "vi"},
        headers={"Referer": "http://localhost/cookies?a=b"},
    )

    assert (reply.status_code, reply.headers["Location"]) == (303, "/cookies?a=b")
    assert language_of(browse) == "vi"


def token(browse):
    return (
        browse.get("/cookies")
        .get_data(as_text=True)
        .partition('name="csrf_token"')[2]
        .split('value="')[1]
        .split('"')[0]
    )


@pytest.mark.parametrize("chosen", ["", "fr", "../../etc", "vi\x00", "VI"])
def test_an_unknown_language_changes_nothing(browse, chosen):
    reply = browse.post("/locale", {"csrf_token": token(browse), "locale": chosen})

    assert reply.status_code == 303
    assert "Set-Cookie" not in reply.headers
    assert language_of(browse) == "en"


def test_another_sites_referrer_is_not_where_one_goes_back_to(browse):
    for referrer in ("https://evil.example/", "http://localhost.evil.example/x", "http://localhost//evil.example"):
        reply = browse.post("/locale", {"csrf_token": token(browse), "locale": "vi"}, headers={"Referer": referrer})
        assert reply.headers["Location"] == "/"


def test_the_account_remembers_and_beats_cookie_and_browser(app, browse_as, make_customer):
    alice = make_customer(locale="en").admin
    browse = browse_as(alice)
    browse.post("/locale", {"csrf_token": token(browse), "locale": "vi"})

    elsewhere = Browse(app, language="en")
    elsewhere.client.set_cookie("locale", "en")
    elsewhere.sign_in(alice)

    assert language_of(elsewhere) == "vi"


def test_each_language_writes_in_its_own_way(app):
    moment = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    with app.test_request_context():
        with force_locale("vi"):
            vietnamese = [language.day(date(2026, 11, 24)), language.number(1234567), language.datasize(1_234_567)]
            assert "24" in language.moment(moment)  # past midnight in Việt Nam
        with force_locale("en"):
            english = [language.day(date(2026, 11, 24)), language.number(1234567), language.datasize(1_234_567)]

    assert vietnamese == ["24 tháng 11, 2026", "1.234.567", "1,2 MB"]
    assert english == ["November 24, 2026", "1,234,567", "1.2 MB"]


def test_sizes_and_phone_numbers_are_written_for_people(app):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        sizes = [language.datasize(size) for size in (None, 0, 999, 1000, 1_500_000_000, 5_000_000_000_000)]
        assert sizes == ["0 B", "0 B", "999 B", "1 kB", "1.5 GB", "5,000 GB"]
        assert language.phone("+84905123456") == "+84 905 123 456"
        assert language.phone("") == ""
        assert (language.day(None), language.moment(None)) == ("", "")
