"""A visitor is asked once, chooses, changes their mind; a browser that asks not to be measured is heard."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from portal.dev.demo import PASSWORD
from tests.browser.walking import send, sign_in

BANNER = "#cookie-banner"
NECESSARY = f"{BANNER} .cookie-banner-answers form >> nth=0 >> button"
BOTH = f"{BANNER} .cookie-banner-answers form >> nth=1 >> button"
SAVE = "#cookie-choices button[type=submit]"
DAY = 24 * 3600
WORDS = {
    "vi-VN": ("Chỉ những gì cần thiết", "Trình duyệt của bạn yêu cầu"),
    "en-GB": ("Only what is necessary", "Your browser asked us"),
}


def kept(page):
    """The cookies in the browser: their value, and in how many days each ends; None with the browser."""
    now = page.evaluate("Date.now() / 1000")
    cookies = page.context.cookies()
    return {c["name"]: (c["value"], None if c["expires"] < 0 else round((c["expires"] - now) / DAY)) for c in cookies}


@pytest.mark.parametrize("locale", WORDS)
@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_a_visitor_is_asked_once_and_changes_their_mind_at_any_time(demo_portal, window, locale, javascript):
    page = window(locale, java_script_enabled=javascript, viewport={"width": 360, "height": 740}).new_page()
    home, contact, cookies = (demo_portal.address + path for path in ("/", "/contact", "/cookies"))
    elsewhere = []
    page.on("request", lambda request: elsewhere.append(request.url) if not ours(request.url, home) else None)

    page.goto(contact)
    before = page.context.cookies()
    expect(page.locator(NECESSARY)).to_have_text(WORDS[locale][0])
    send(page, BOTH)
    expect(page).to_have_url(contact)
    expect(page.locator(BANNER)).to_have_count(0)
    page.click(f".locales button[value={locale[:2]}]")

    page.goto(cookies)
    expect(page.locator("[name=measurement]")).to_be_checked()
    both = [cookie for cookie in page.context.cookies() if cookie["name"] in ("choices", "locale")]
    page.uncheck("[name=measurement]")
    page.uncheck("[name=preferences]")
    send(page, SAVE)
    expect(page.locator("main .banner-good")).to_be_visible()
    neither = {cookie["name"]: cookie for cookie in page.context.cookies()}

    assert before == []
    assert len(both) == 2
    assert all(cookie["expires"] > 0 and cookie["httpOnly"] for cookie in both)
    assert neither["locale"]["expires"] == -1
    assert neither["choices"]["value"] == "measurement-no.preferences-no"
    assert elsewhere == []


def ours(url, home):
    return urlsplit(url).netloc == urlsplit(home).netloc or url.startswith("data:")


def test_clause_5_1_a_choice_ends_after_180_days_and_all_else_with_the_browser(demo_portal, window):
    page = window("en-GB").new_page()
    page.goto(demo_portal.address + "/")
    page.click(".locales button[value=en]")
    send(page, NECESSARY)
    sign_in(page, demo_portal, "binh@example.com", PASSWORD)

    lives = {name: days for name, (_value, days) in kept(page).items()}

    assert lives == {"choices": 180, "locale": None, "sid": None}


@pytest.mark.parametrize("locale", WORDS)
def test_clause_5_2_a_browser_that_asks_not_to_be_measured_is_heard(demo_portal, window, locale):
    page = window(locale, extra_http_headers={"Sec-GPC": "1"}, viewport={"width": 360, "height": 740}).new_page()

    page.goto(demo_portal.address + "/")
    expect(page.locator(BANNER)).to_have_count(0)
    page.goto(demo_portal.address + "/cookies")

    for name in ("measurement", "preferences"):
        expect(page.locator(f"[name={name}]")).to_be_disabled()
        expect(page.locator(f"[name={name}]")).not_to_be_checked()
    expect(page.locator("main .choice .badge").first).to_have_text(re.compile(WORDS[locale][1]))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.context.cookies() == []


def test_the_question_covers_nothing_and_its_buttons_are_equal(demo_portal, window):
    for width in (1280, 360):
        page = window("vi-VN", viewport={"width": width, "height": 900}).new_page()
        page.goto(demo_portal.address + "/sign-in")

        necessary, both = (page.locator(button).bounding_box() for button in (NECESSARY, BOTH))
        banner, main = page.locator(BANNER).bounding_box(), page.locator("main").bounding_box()

        assert (necessary["width"], necessary["height"]) == (both["width"], both["height"])
        assert banner["y"] + banner["height"] <= main["y"]
        page.emulate_media(media="print")
        expect(page.locator(BANNER)).to_be_hidden()
