"""After signing out nothing private comes back: by the back button, out of the browser's memory, in another tab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.walking import sign_in
from tests.support.browser import ARGUMENTS, find_chromium
from tests.support.portal import Portal

WHO, NAME = "an@example.com", "Nguyễn Văn An"
PRIVATE = ("/profile", "/security/sessions", "/my-data/profile")
FORGETTING = "forgetting"
SIGN_OUT = "form[action='/sign-out'] button:visible"
SIGN_IN = {"en-GB": "Sign in", "vi-VN": "Đăng nhập"}


@pytest.fixture(scope="module")
def keeping(chromium: Browser) -> Iterator[Browser]:
    """Chromium as people have it keeps whole pages for its back button; as Playwright starts it, it does not."""
    keeping = chromium.browser_type.launch(
        executable_path=find_chromium(), args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield keeping
    keeping.close()


@pytest.fixture
def browser(keeping: Browser, chromium: Browser, request: pytest.FixtureRequest) -> Browser:
    return chromium if getattr(request, "param", "") == FORGETTING else keeping


@pytest.fixture(params=tuple(SIGN_IN))
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def signed_in(browser: Browser, demo_portal: Portal, locale: str) -> Iterator[BrowserContext]:
    """A window in which somebody signed in; its language is the browser's once they are out."""
    context = browser.new_context(locale=locale)
    page = context.new_page()
    sign_in(page, demo_portal, WHO, PASSWORD)
    page.close()
    yield context
    context.close()


def look_at(page: Page, portal: Portal, places: tuple[str, ...]) -> None:
    for place in places:
        page.goto(portal.address + place)
        assert NAME in page.content()


def sign_out(page: Page) -> None:
    with page.expect_navigation():
        page.click(SIGN_OUT)


def go_back(page: Page, locale: str) -> None:
    """The button of the browser; what comes must be the page that asks who is there."""
    page.evaluate("history.back()")
    expect(page.locator("h1")).to_have_text(SIGN_IN[locale])


@pytest.mark.parametrize("browser", ["keeping", FORGETTING], indirect=True)
def test_the_back_button_after_signing_out_shows_nothing_private(
    signed_in: BrowserContext, demo_portal: Portal, locale: str
) -> None:
    page = signed_in.new_page()
    look_at(page, demo_portal, PRIVATE)

    sign_out(page)

    go_back(page, locale)
    assert NAME not in page.content()
    go_back(page, locale)
    assert NAME not in page.content()


def test_another_tab_goes_back_to_nothing_private_either(
    signed_in: BrowserContext, demo_portal: Portal, locale: str
) -> None:
    here, there = signed_in.new_page(), signed_in.new_page()
    look_at(there, demo_portal, PRIVATE[:2])
    look_at(here, demo_portal, PRIVATE[2:])

    sign_out(here)

    go_back(there, locale)
    assert NAME not in there.content()


@pytest.mark.parametrize("locale", ["en-GB"], indirect=True)
def test_while_signed_in_the_back_button_goes_back(signed_in: BrowserContext, demo_portal: Portal) -> None:
    page = signed_in.new_page()
    look_at(page, demo_portal, PRIVATE)

    page.evaluate("history.back()")

    expect(page).to_have_url(demo_portal.address + PRIVATE[1])
    expect(page.locator("body")).to_contain_text(NAME)


def test_a_page_kept_in_a_tab_does_nothing_any_more(
    signed_in: BrowserContext, demo_portal: Portal, locale: str
) -> None:
    here, there = signed_in.new_page(), signed_in.new_page()
    look_at(there, demo_portal, ("/profile",))
    look_at(here, demo_portal, ("/profile",))
    sign_out(here)

    with there.expect_navigation():
        there.click("main form.form button[type=submit]")

    expect(there.locator("h1")).to_have_text(SIGN_IN[locale])
    assert NAME not in there.content()
