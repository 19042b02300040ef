"""In by Google and by Facebook, in a real browser: without keys the running portal leads to its own stand-ins."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import fill, send
from tests.support import portal
from tests.support.browse import link_in

BOTH = pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
WORDS = {
    "vi-VN": {"demo": "Tiếp tục với {} (demo)", "not real": "Đây không phải {} thật"},
    "en-GB": {"demo": "Continue with {} (demo)", "not real": "This is not the real {}"},
}


@BOTH
def test_somebody_new_comes_by_google_and_comes_again(window, instance, locale):
    with portal.running(instance) as running:
        page = window(locale).new_page()
        go(page, running, "Google", WORDS[locale], begin="/sign-up")
        be(page, "ha")
        expect(page).to_have_url(running.address + "/sign-up/continue")
        expect(page.locator("main")).to_contain_text("ha@nhanghi.example.com")
        agree(page)
        expect(page).to_have_url(running.address + "/overview")

        sign_out(page)
        page.goto(running.address + "/exports")  # not signed in: asked to, and led back afterwards
        go(page, running, "Google", WORDS[locale], begin="")
        be(page, "ha")
        expect(page).to_have_url(running.address + "/exports")


@BOTH
def test_somebody_without_an_address_at_facebook_types_one_and_proves_it(window, instance, locale):
    with portal.running(instance) as running:
        page = window(locale).new_page()
        go(page, running, "Facebook", WORDS[locale], begin="/sign-in")
        be(page, "tam")
        expect(page).to_have_url(running.address + "/sign-up/continue")
        fill(page, {"email": "tam@vidu.example.com"})
        agree(page)
        expect(page).to_have_url(running.address + "/sign-up/sent")

        letter = running.wait_for_letter("tam@vidu.example.com", "joining/verify")
        page.goto(running.address + link_in(letter.text, "/verify-email/"))
        send(page)
        go(page, running, "Facebook", WORDS[locale], begin="/sign-in")
        be(page, "tam")
        expect(page).to_have_url(running.address + "/overview")


@BOTH
def test_who_cancels_or_types_nonsense_is_told(window, instance, locale):
    with portal.running(instance) as running:
        page = window(locale).new_page()
        go(page, running, "Google", WORDS[locale], begin="/sign-in?next=/exports")
        stand_in = page.url
        fill(page, {"email": "no address"})
        send(page, "button[value=typed]")
        expect(page.locator(".field-error")).to_be_visible()

        be(page, "cancel")
        expect(page).to_have_url(running.address + "/sign-in?next=/exports")
        expect(page.locator(".banner")).to_contain_text("Google")

        page.goto(stand_in)  # the start that was cancelled, once more
        be(page, "ha")
        expect(page.locator("h1")).to_contain_text("Google")
        expect(page.locator("main .button-primary")).to_have_attribute("href", "/sign-in/google")


def go(page: Page, running: portal.Portal, provider: str, words: dict[str, str], *, begin: str) -> None:
    """From a page with the buttons (`begin`, or where we are) to the stand-in, which says that it is one."""
    if begin:
        page.goto(running.address + begin)
    with page.expect_navigation():
        page.get_by_role("link", name=words["demo"].format(provider)).click()
    expect(page.locator("h1")).to_have_text(words["not real"].format(provider))


def be(page: Page, who: str) -> None:
    send(page, f"button[value={who}]")


def agree(page: Page) -> None:
    """Age and policy, as at every sign-up."""
    page.check("[name=kind][value=individual]")
    page.check("[name=age_confirmed]")
    page.check("[name=accept_policy]")
    send(page)


def sign_out(page: Page) -> None:
    send(page, "form[action='/sign-out'] button >> visible=true")
