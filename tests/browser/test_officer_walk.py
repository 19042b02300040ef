"""The whole way of Smartos's policy officer: first link, import, compare, publish, watch the letters go."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.walking import fill, send, set_up_two_step, sign_in, wait_for_state
from tests.support import portal
from tests.support.processes import flask

SHIPPED = Path(__file__).resolve().parents[2] / "portal" / "policies" / "shipped"
OFFICER, SECRET = "officer@smartos.example.com", "sáng sớm bên cầu Rồng"
DEMO_PEOPLE = ("an@example.com", "binh@example.com", "chi@example.com")
NEXT_MONTH = {"PORTAL_CLOCK_OFFSET": str(timedelta(days=20).total_seconds())}


def command(instance: Path, *arguments: str) -> str:
    """A `flask` command on this portal, as an administrator types it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return flask(*arguments, env={**own, "PORTAL_INSTANCE_PATH": str(instance)})


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
def test_clause_12_3_the_officer_publishes_a_major_change_and_everyone_is_told(window, instance, locale, tmp_path):
    with portal.running(instance) as running:
        officer = window(locale).new_page()
        begin(officer, running)
        draft(officer, running, tmp_path)
        publish(officer, running)
        for address in DEMO_PEOPLE:
            letter = running.wait_for_letter(address, "policies/changed")
            assert "/privacy-policy/compare" in letter.text
        read_and_compare(window(locale).new_page(), running)
        customer = window(locale).new_page()
        sign_in(customer, running, "an@example.com", PASSWORD)
        expect(customer.locator("main a[href*='/privacy-policy/compare']").first).to_be_visible()

    with portal.running(instance, more=NEXT_MONTH) as running:
        customer = window(locale).new_page()
        sign_in(customer, running, "an@example.com", PASSWORD)
        customer.goto(running.address + "/my-data/policies")
        expect(customer.locator("main")).to_contain_text(re.compile(r"\b2\b"))


def begin(page: Page, running: portal.Portal) -> None:
    """`operator add` prints a link that sets the password, and never a password; the console asks for more."""
    said = command(running.instance, "operator", "add", OFFICER)
    link = re.search(r"https?://\S+(/reset-password/\S+)", said)
    assert link, said
    page.goto(running.address + link[1])
    fill(page, {"password": SECRET})
    send(page)
    sign_in(page, running, OFFICER, SECRET)
    page.goto(running.address + "/staff")
    expect(page).to_have_url(running.address + "/security/two-step?next=/staff")
    set_up_two_step(page, running)
    page.goto(running.address + "/staff")
    expect(page).to_have_url(running.address + "/staff")


def draft(page: Page, running: portal.Portal, folder: Path) -> None:
    """Vietnamese by the command line, English by the form."""
    for locale, added in (
        ("vi", "\n\nCâu này được thêm vào để thử.\n"),
        ("en", "\n\nThis sentence was added for a try.\n"),
    ):
        text = (SHIPPED / f"privacy.{locale}.md").read_text(encoding="utf-8")
        (folder / f"next.{locale}.md").write_text(text.rstrip() + added, encoding="utf-8")
    command(running.instance, "policies", "import", str(folder / "next.vi.md"), "--kind", "privacy", "--locale", "vi")
    page.goto(running.address + "/staff/policies/new?kind=privacy&locale=en&number=privacy-2")
    page.set_input_files("main [name=file]", folder / "next.en.md")
    send(page)
    assert page.url.startswith(running.address + "/staff/policies/privacy/2")


def publish(page: Page, running: portal.Portal) -> None:
    page.goto(running.address + "/staff/policies/privacy/2/publish")
    page.check("main [name=severity][value=major]")
    fill(page, {"summary_vi": "Chúng tôi thêm một câu.", "summary_en": "We added one sentence."})
    send(page)
    page.goto(running.address + "/staff/notices")
    page.click("main tbody a[href^='/staff/notices/']")
    wait_for_state(page, "done")
    progress = page.locator("main progress").first
    assert progress.get_attribute("value") == progress.get_attribute("max") == "5"


def read_and_compare(page: Page, running: portal.Portal) -> None:
    """Anyone reads the version in force by the footer, and what changed."""
    page.goto(running.address + "/")
    page.click("footer a[href='/privacy-policy']")
    expect(page.locator("main")).to_contain_text("13")
    page.goto(running.address + "/privacy-policy/compare?from=1&to=2")
    expect(page.locator("main .change ins").first).to_be_visible()
    assert page.locator("main .change del").count() == 0
    page.goto(running.address + "/privacy-policy/versions")
    assert page.locator("main a[href$='/versions/1']").count()
