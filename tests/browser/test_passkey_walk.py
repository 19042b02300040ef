"""Passkeys in a real browser, with its own authenticator: added, named, used to get in and to prove, removed.

Chromium's virtual authenticator (CDP, WebAuthn domain) is a telephone's: ctap2, built in, with resident keys and user
verification. A passkey belongs to a host name, so the portal is at localhost and not at an address in numbers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, Page, expect

from portal.dev.demo import PASSWORD as DEMO_PASSWORD
from tests.browser.walking import fill, send, sign_in, sign_up
from tests.support.portal import Portal
from tests.support.processes import wait_until

TELEPHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PASSKEY_BUTTON = "main form[data-passkey] button[type=submit]"
PASSWORD = "mưa rơi trên mái tôn"
SAYS = "main [data-passkey-says]"
WORDS = {
    "vi-VN": {
        "email": "khoa@example.com",
        "name": "HeadlessChrome \\d+ trên Linux",
        "unused": "Chưa dùng",
        "cancelled": "Chưa có khóa truy cập nào được dùng",
        "known": "đã lưu một khóa truy cập",
    },
    "en-GB": {
        "email": "key@example.com",
        "name": "HeadlessChrome \\d+ on Linux",
        "unused": "Not yet",
        "cancelled": "No passkey was used",
        "known": "already keeps a passkey",
    },
}


@dataclass
class Authenticator:
    """The browser's own, seen through its debugging protocol."""

    cdp: CDPSession
    id: str

    def kept(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def set(self, what: str, **value: bool) -> None:
        self.cdp.send(f"WebAuthn.set{what}", {"authenticatorId": self.id, **value})


@contextmanager
def telephone(page: Page) -> Iterator[Authenticator]:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": TELEPHONE})
    yield Authenticator(cdp, made["authenticatorId"])
    cdp.detach()


def sign_out(page: Page, portal: Portal) -> None:
    page.goto(portal.address + "/overview")
    send(page, "form[action='/sign-out'] button")


def errors_of(page: Page) -> list[str]:
    """What the page's console complains of, from now on."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
def test_clause_1_1_a_person_lives_with_a_passkey(window, demo_portal, locale):
    words = WORDS[locale]
    page = window(locale).new_page()
    complaints = errors_of(page)
    with telephone(page) as authenticator:
        sign_up(
            page, demo_portal, {"full_name": "Khoá", "email": words["email"], "password": PASSWORD}, kind="individual"
        )
        sign_in(page, demo_portal, words["email"], PASSWORD)

        add(page, demo_portal, words)
        assert len(authenticator.kept()) == 1
        add_on_the_same_telephone(page, demo_portal, words)
        sign_out(page, demo_portal)
        sign_in_by_passkey_alone(page, demo_portal, authenticator, words)
        prove_by_it(page, demo_portal)
        sign_out(page, demo_portal)
        take_it_from_what_the_browser_offers(page, demo_portal)
        remove(page, demo_portal)
        wait_until(lambda: authenticator.kept() == [], what="the telephone to forget the passkey")

    assert complaints == []


def add(page: Page, portal: Portal, words: dict[str, str]) -> None:
    page.goto(portal.address + "/security/passkeys")
    page.click("main a[href='/security/passkeys/add']")
    expect(page.locator("main [name=name]")).to_have_value(re.compile(words["name"]))
    send(page, PASSKEY_BUTTON)
    expect(page).to_have_url(portal.address + "/security/passkeys")
    expect(page.locator("main table")).to_contain_text(words["unused"])
    page.click("main table a >> nth=0")
    fill(page, {"name": "Điện thoại của mẹ"})
    send(page)
    expect(page.locator("main table")).to_contain_text("Điện thoại của mẹ")


def add_on_the_same_telephone(page: Page, portal: Portal, words: dict[str, str]) -> None:
    page.goto(portal.address + "/security/passkeys/add")
    page.click(PASSKEY_BUTTON)
    expect(page.locator(SAYS)).to_contain_text(words["known"])


def sign_in_by_passkey_alone(page: Page, portal: Portal, authenticator: Authenticator, words: dict[str, str]) -> None:
    authenticator.set("UserVerified", isUserVerified=False)
    page.goto(portal.address + "/security/passkeys")
    expect(page).to_have_url(portal.address + "/sign-in?next=/security/passkeys")
    page.click(PASSKEY_BUTTON)
    expect(page.locator(SAYS)).to_contain_text(words["cancelled"])
    authenticator.set("UserVerified", isUserVerified=True)
    send(page, PASSKEY_BUTTON)
    expect(page).to_have_url(portal.address + "/security/passkeys")


def take_it_from_what_the_browser_offers(page: Page, portal: Portal) -> None:
    """Nobody presses a button: the passkey is offered where the e-mail is typed, and the authenticator takes it."""
    page.goto(portal.address + "/sign-in?next=/security/passkeys")
    expect(page).to_have_url(portal.address + "/security/passkeys")


def prove_by_it(page: Page, portal: Portal) -> None:
    page.goto(portal.address + "/confirm-identity?next=/security/passkeys")
    send(page, PASSKEY_BUTTON)
    expect(page).to_have_url(portal.address + "/security/passkeys")


def remove(page: Page, portal: Portal) -> None:
    page.click("main table a >> nth=1")
    send(page)
    expect(page).to_have_url(portal.address + "/security/passkeys")
    assert page.locator("main table").count() == 0


def test_a_passkey_that_was_removed_elsewhere_is_refused_with_a_way_on(window, demo_portal):
    here, elsewhere = window().new_page(), window().new_page()
    with telephone(here):
        sign_in(here, demo_portal, "chi@example.com", DEMO_PASSWORD)
        here.goto(demo_portal.address + "/security/passkeys/add")
        send(here, PASSKEY_BUTTON)
        sign_in(elsewhere, demo_portal, "chi@example.com", DEMO_PASSWORD)
        elsewhere.goto(demo_portal.address + "/security/passkeys")
        remove(elsewhere, demo_portal)

        here.goto(demo_portal.address + "/security/passkeys")

        expect(here.locator("main [role=alert]")).to_contain_text("Có thể khóa đã bị gỡ")
        expect(here.locator("main a.button")).to_have_attribute("href", "/sign-in?next=/security/passkeys")


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
def test_without_javascript_passkeys_are_not_offered_and_the_page_says_why(window, demo_portal, locale):
    page = window(locale, java_script_enabled=False).new_page()
    sign_in(page, demo_portal, "an@example.com", DEMO_PASSWORD)

    for path in ("/security/passkeys", "/security/passkeys/add"):
        page.goto(demo_portal.address + path)
        expect(page.locator("[data-passkey-needed]")).to_be_visible()
        expect(page.locator("[data-passkey-possible]")).to_be_hidden()
    sign_out(page, demo_portal)
    page.goto(demo_portal.address + "/sign-in")
    expect(page.locator(PASSKEY_BUTTON)).to_be_hidden()
