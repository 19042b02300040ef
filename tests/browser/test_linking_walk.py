"""Linking in a real browser: an address that has an account is not merged, its owner links, signs in by it, unlinks."""

import pytest
from playwright.sync_api import Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.walking import fill, send, sign_in
from tests.support import portal
from tests.support.browse import link_in

AN = "an@example.com"
CHOSEN = "mưa rào trên cầu Rồng"
BOTH = pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
SIGN_UP = {"full_name": "Đặng Mai", "email": "mai@example.com", "password": "sông Hàn lúc nửa đêm"}


@BOTH
def test_the_owner_of_an_address_signs_in_first_and_links_then(window, instance, locale):
    with portal.running(instance) as running:
        page = window(locale).new_page()
        speak(page, running, locale)
        page.goto(running.address + "/sign-in/google")
        be(page, "an")
        expect(page.locator("main")).to_contain_text(AN)
        follow(page, "/sign-in?next=/security/linked/confirm")
        fill(page, {"email": AN, "password": PASSWORD})
        send(page)
        expect(page).to_have_url(running.address + "/security/linked/confirm")
        send(page)
        expect(page).to_have_url(running.address + "/security/linked")
        expect(page.locator("main")).to_contain_text("Nguyễn Văn An")
        running.wait_for_letter(AN, "signin/account-linked")

        other = window(locale).new_page()
        other.goto(running.address + "/sign-in/google")
        be(other, "an")
        expect(other).to_have_url(running.address + "/overview")

        follow(page, "/security/linked/google/unlink")
        send(page)
        expect(page).to_have_url(running.address + "/security/linked")
        expect(page.locator("main a[href='/security/linked/google/link']")).to_be_visible()
        running.wait_for_letter(AN, "signin/account-unlinked")
        other.goto(running.address + "/overview")
        expect(other).to_have_url(running.address + "/sign-in?next=/overview")


@BOTH
def test_from_the_page_of_linked_accounts_to_facebook_and_back(window, instance, locale):
    with portal.running(instance) as running:
        page = window(locale).new_page()
        sign_in(page, running, AN, PASSWORD)
        page.goto(running.address + "/security/linked")
        follow(page, "/security/linked/facebook/link")
        be(page, "tam")
        expect(page.locator("main")).to_contain_text("Đỗ Minh Tâm")
        send(page)

        expect(page).to_have_url(running.address + "/security/linked")
        page.goto(running.address + "/profile")
        expect(page.locator("#received")).to_contain_text("Đỗ Minh Tâm")


@BOTH
def test_whoever_opens_the_letter_elsewhere_chooses_the_password(window, instance, locale):
    with portal.running(instance) as running:
        desk, phone = window(locale).new_page(), window(locale).new_page()
        desk.goto(running.address + "/sign-up")
        fill(desk, SIGN_UP)
        desk.check("[name=age_confirmed]")
        desk.check("[name=accept_policy]")
        send(desk)
        letter = running.wait_for_letter(SIGN_UP["email"], "joining/verify")

        phone.goto(running.address + link_in(letter.text, "/verify-email/"))
        fill(phone, {"password": CHOSEN})
        send(phone)

        sign_in(phone, running, SIGN_UP["email"], CHOSEN)


def speak(page: Page, running: portal.Portal, locale: str) -> None:
    page.goto(running.address + "/")
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])


def be(page: Page, who: str) -> None:
    """Choose somebody at the stand-in."""
    send(page, f"button[value={who}]")


def follow(page: Page, href: str) -> None:
    with page.expect_navigation():
        page.click(f"main a[href='{href}']")
