"""Cookies: nothing beyond the necessary before a choice, two equal answers, and a page to change one's mind."""

import re

import pytest
from sqlalchemy import select

from portal.consents.models import ConsentEntry, ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from tests.consents.conftest import BOTH, ONLY_SQLITE, banner_of, set_by
from tests.support.browse import TOKEN, Browse
from tests.support.portals import in_production, portal


def answer(browser, page, fields):
    """Press one of the banner's two buttons."""
    banner = banner_of(browser.get(page))
    back = re.search(r'name="next" value="([^"]*)"', banner)[1]
    return browser.post("/cookies", {"csrf_token": TOKEN.search(banner)[1], "next": back, **fields})


def ledger(app):
    with app.app_context():
        entries = db.session.scalars(select(ConsentEntry).order_by(ConsentEntry.id)).all()
        db.session.rollback()
        return [(entry.purpose, entry.granted) for entry in entries]


@ONLY_SQLITE
@pytest.mark.parametrize("page", ["/", "/sign-in", "/privacy-policy", "/contact"])
def test_clause_5_1_nothing_is_kept_before_a_choice_and_the_banner_asks(browse, page):
    reply = browse.get(page)

    assert [name for name in set_by(reply) if name != "sid"] == []
    assert banner_of(reply)


@ONLY_SQLITE
def test_the_banner_has_two_equal_buttons_a_way_to_choose_each_and_the_words_of_both(browse):
    banner = banner_of(browse.get("/"))

    buttons = re.findall(r'<button type="submit" class="([^"]+)">([^<]+)<', banner)
    assert [words for _look, words in buttons] == ["Only what is necessary", "Also measuring and preferences"]
    assert len({look for look, _words in buttons}) == 1
    assert 'href="/cookies"' in banner
    assert "Which page was opened on which day" in banner
    assert "180 days" in banner


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("fields", "kept"),
    [({}, "measurement-no.preferences-no"), (BOTH, "measurement-yes.preferences-yes")],
)
def test_clause_5_2_either_answer_leads_back_to_the_page_and_is_not_asked_again(browse, fields, kept):
    browse.client.set_cookie("locale", "en")  # some cookie, as a browser that keeps them shows

    reply = answer(browse, "/contact?from=home", fields)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/contact?from=home")
    assert set_by(reply)["choices"].startswith(f"choices={kept};")
    assert banner_of(browse.get("/contact")) is None


@ONLY_SQLITE
def test_clause_5_1_a_choice_is_kept_for_180_days_where_no_script_reads_it(browse):
    cookie = set_by(answer(browse, "/", BOTH))["choices"]

    assert {"Max-Age=15552000", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


@ONLY_SQLITE
def test_over_https_the_choice_belongs_to_this_host_alone(environ):
    with portal(in_production(environ)) as app:
        browse = Browse(app)
        cookie = set_by(answer(browse, "/contact", BOTH))["__Host-choices"]

    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()


@ONLY_SQLITE
def test_a_first_answer_is_led_by_the_cookie_page_which_sees_that_it_was_kept(browse):
    reply = answer(browse, "/contact", {})

    assert reply.headers["Location"] == "/cookies?back=/contact"
    assert browse.get(reply.headers["Location"]).headers["Location"] == "/contact"


@ONLY_SQLITE
def test_clause_5_2_with_every_cookie_refused_the_page_explains_and_asks_no_further(app):
    refusing = Browse(app, cookies=False)

    reply = refusing.get(answer(refusing, "/contact", BOTH).headers["Location"])

    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "keeps no cookies" in page
    assert 'href="/contact"' in page
    assert banner_of(reply) is None


@ONLY_SQLITE
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "x" * 600])
def test_an_answer_leads_to_no_other_site(browse, target):
    browse.client.set_cookie("locale", "en")

    reply = browse.submit("/cookies", {"next": target})

    assert reply.headers["Location"] == "/cookies?saved=1"
    assert browse.get("/cookies", query_string={"back": target}).status_code == 200


@ONLY_SQLITE
def test_clause_5_2_each_choice_is_off_until_given_and_given_by_itself(browse):
    before = browse.get("/cookies").get_data(as_text=True)
    reply = browse.submit("/cookies", {"preferences": "y"})

    after = browse.get(reply.headers["Location"]).get_data(as_text=True)
    assert " checked" not in before
    assert re.findall(r'name="(\w+)" value="y"[^>]* checked', after) == ["preferences"]
    assert "Your choice is kept" in after


@ONLY_SQLITE
@pytest.mark.parametrize("sent", ["", "no", "off", "false", "0", "n", "perhaps", "{{7*7}}"])
def test_only_a_clear_yes_is_one(browse, sent):
    reply = browse.submit("/cookies", {"measurement": sent, "preferences": sent})

    assert set_by(reply)["choices"].startswith("choices=measurement-no.preferences-no;")


@ONLY_SQLITE
@pytest.mark.parametrize(
    "kept", ["", "measurement-yes", "yes", "measurement-yes.preferences-yes.more", "\x01", "m" * 4000]
)
def test_a_cookie_that_says_anything_else_is_no_choice(browse, kept):
    browse.client.set_cookie("choices", kept)

    assert banner_of(browse.get("/"))


@ONLY_SQLITE
def test_clause_5_1_a_language_outlives_the_browser_only_with_preferences(browse):
    def choose_language():
        token = TOKEN.search(browse.get("/").get_data(as_text=True))[1]
        return set_by(browse.post("/locale", {"csrf_token": token, "locale": "vi"}))["locale"]

    asked = choose_language()
    agreed = set_by(browse.submit("/cookies", {"preferences": "y"}))["locale"]
    again = choose_language()
    withdrawn = set_by(browse.submit("/cookies"))["locale"]

    assert ["Max-Age" in cookie for cookie in (asked, agreed, again, withdrawn)] == [False, True, True, False]


@ONLY_SQLITE
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_no_other_site_chooses_for_a_visitor(browse, headers):
    token = TOKEN.search(banner_of(browse.get("/")))[1]

    reply = browse.post("/cookies", {"csrf_token": token, **BOTH}, headers=headers)

    assert reply.status_code == 400
    assert "choices" not in set_by(reply)


@ONLY_SQLITE
def test_a_form_without_its_token_is_told_so_and_chooses_nothing(browse):
    reply = browse.post("/cookies", BOTH)

    assert reply.status_code == 422
    assert "choices" not in set_by(reply)


def test_clause_4_2_signed_in_each_change_goes_into_the_ledger_with_its_way_and_page(app, browse_as, make_customer):
    alice = browse_as(make_customer().admin)

    answer(alice, "/overview", BOTH)
    alice.submit("/cookies", {"measurement": "y"})

    assert ledger(app) == [
        (ConsentPurpose.MEASUREMENT, True),
        (ConsentPurpose.PERSONALISATION, True),
        (ConsentPurpose.PERSONALISATION, False),
    ]
    with app.app_context():
        entries = db.session.scalars(select(ConsentEntry).order_by(ConsentEntry.id)).all()
        assert {entry.way for entry in entries} == {ConsentWay.COOKIES}
        assert [entry.page for entry in entries] == ["/overview", "/overview", "/cookies"]


@ONLY_SQLITE
def test_the_ledger_names_the_page_by_its_rule_since_an_address_may_hold_a_secret(app, browse_as, make_customer):
    alice = browse_as(make_customer().admin)

    alice.submit("/cookies", {"next": "/reset-password/a-secret-of-somebody", **BOTH})

    with app.app_context():
        pages = set(db.session.scalars(select(ConsentEntry.page)))
    assert pages == {"/reset-password/<token>"}


@ONLY_SQLITE
def test_signed_in_the_sessions_own_token_is_needed(app, browse_as, make_customer):
    alice = browse_as(make_customer().admin)
    token = TOKEN.search(banner_of(Browse(app).get("/")))[1]

    reply = alice.post("/cookies", {"csrf_token": token, **BOTH})

    assert reply.status_code in (303, 400)
    assert ledger(app) == []


@ONLY_SQLITE
def test_signed_out_a_choice_stays_in_the_browser(app, browse):
    browse.submit("/cookies", BOTH)

    assert ledger(app) == []


@ONLY_SQLITE
def test_who_is_leaving_can_refuse_and_agrees_to_nothing_new(app, browse_as, make_customer):
    alice = browse_as(make_customer().admin)
    alice.submit("/close-account", {"scope": "customer", "confirm": "y"})

    alice.submit("/cookies", {"measurement": "y"})

    assert ledger(app) == [(ConsentPurpose.PERSONALISATION, False)]
