"""The whole way of a careful person: a second step switched on, used, replaced by paper, proven anew, switched off."""

import re

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

from portal.core import clock
from portal.dev.demo import PASSWORD
from tests.browser.test_accessibility import complaints
from tests.browser.walking import fill, send, set_up_two_step, sign_in
from tests.support import portal

AN = "an@example.com"
LOOKS = [("vi-VN", "light", 1280), ("en-GB", "dark", 360)]


def next_code(secret: str) -> str:
    """What the app shows in half a minute: it is taken already, and cannot have been used."""
    return TOTP(secret).at(clock.now(), counter_offset=1)


@pytest.mark.parametrize(("locale", "theme", "width"), LOOKS)
def test_clause_1_1_a_careful_person_walks_with_a_second_step(window, instance, locale, theme, width):
    context = window(locale, color_scheme=theme, viewport={"width": width, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    with portal.running(instance) as running:
        sign_in(page, running, AN, PASSWORD)
        page.click(f".locales button[value={locale[:2]}]")
        secret, paper = switch_on(page, running)
        by_phone(page, running, secret)
        by_paper(page, running, paper)
        prove_and_switch_off(page, running, paper)


def switch_on(page: Page, running: portal.Portal) -> tuple[str, list[str]]:
    page.goto(running.address + "/security/two-step")
    picture = page.locator("img.qr")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    assert complaints(page) == []
    fill(page, {"code": "12345"})
    send(page)
    expect(page.locator(".field-error")).to_be_visible()
    secret, paper = set_up_two_step(page, running)
    assert len(set(paper)) == 10
    assert complaints(page) == []
    page.click("[data-copy]")
    expect(page.locator("[data-copied]")).not_to_be_empty()
    assert page.evaluate("navigator.clipboard.readText()").split() == paper
    page.click("main .actions a.button")
    expect(page).to_have_url(running.address + "/security/two-step")
    assert complaints(page) == []
    page.goto(running.address + "/security/two-step/codes")
    assert page.locator("#recovery-codes").count() == 0
    running.wait_for_letter(AN, "signin/two-step-on")
    return secret, paper


def by_phone(page: Page, running: portal.Portal, secret: str) -> None:
    first_step(page, running)
    assert complaints(page) == []
    code = next_code(secret)
    fill(page, {"code": code})
    send(page)
    expect(page).to_have_url(running.address + "/overview")
    first_step(page, running)
    fill(page, {"code": code})
    send(page)
    expect(page.locator(".field-error")).to_be_visible()


def by_paper(page: Page, running: portal.Portal, paper: list[str]) -> None:
    """From where the phone's code was refused: the link to the paper, and each code once."""
    code = paper.pop().lower()
    page.click("main a[href$='by=recovery-code']")
    assert complaints(page) == []
    fill(page, {"code": code})
    send(page)
    expect(page).to_have_url(running.address + "/overview")
    expect(page.locator("main")).to_contain_text(re.compile(r"\b9\b"))
    running.wait_for_letter(AN, "signin/recovery-code-used")
    first_step(page, running)
    page.click("main a[href$='by=recovery-code']")
    fill(page, {"code": code})
    send(page)
    expect(page.locator(".field-error")).to_be_visible()
    fill(page, {"code": paper.pop()})
    send(page)
    expect(page).to_have_url(running.address + "/overview")


def prove_and_switch_off(page: Page, running: portal.Portal, paper: list[str]) -> None:
    page.goto(running.address + "/confirm-identity?next=/security/two-step")
    assert complaints(page) == []
    fill(page, {"password": PASSWORD, "code": paper.pop()})
    send(page)
    expect(page).to_have_url(running.address + "/security/two-step")
    page.click("main form[action$='/off'] button")
    with page.expect_navigation():
        page.click("[data-confirm-yes]")
    expect(page.locator("#secret")).to_be_visible()
    running.wait_for_letter(AN, "signin/two-step-off")
    page.context.clear_cookies()
    sign_in(page, running, AN, PASSWORD)


def first_step(page: Page, running: portal.Portal) -> None:
    """Signed out, and the password typed again: the code is missing."""
    page.context.clear_cookies()
    page.goto(running.address + "/sign-in")
    fill(page, {"email": AN, "password": PASSWORD})
    send(page)
    expect(page).to_have_url(running.address + "/sign-in/second-step")
