"""The living policy, the letter with its three lines, and the inbox, as a person sees them in a real browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.walking import sign_in
from tests.support import portal
from tests.support.processes import flask

SHIPPED = Path(__file__).resolve().parents[2] / "portal" / "policies" / "shipped"
READER = "binh@example.com"  # an Admin User of an organisation, with Google linked
WIDTHS = (1280, 360)
WORDS = {
    "vi": {
        "off": "Sự kiện nổi bật: tắt",
        "change": "Xem hoặc thay đổi",
        "sign in": "Đăng nhập để xem tình trạng của bạn",
        "heading": "Điều gì thay đổi với bạn",
        "lines": ("Bạn đã liên kết Google", "Bạn là Admin User", "Bạn không đồng ý nhận thư quảng cáo"),
        "unread": "Chưa đọc",
    },
    "en": {
        "off": "Featured events: off",
        "change": "See or change",
        "sign in": "Sign in to see yours",
        "heading": "What changes for you",
        "lines": ("You linked Google", "You are an Admin User", "You allow no marketing mail"),
        "unread": "Unread",
    },
}


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_clause_12_3_a_person_reads_what_changes_for_them_and_their_own_state(window, instance, locale, tmp_path):
    with portal.running(instance) as running:
        pages = [window(viewport={"width": width, "height": 900}).new_page() for width in WIDTHS]
        for page in pages:
            page.goto(running.address + "/privacy-policy")
            page.click(f".locales button[value={locale}]")
            expect(beside(page, "4.5")).to_contain_text(WORDS[locale]["sign in"])
            sign_in(page, running, READER, PASSWORD)
            page.click(f".locales button[value={locale}]")
            see_my_state(page, running, locale)
        announce(running, tmp_path)
        running.wait_for_letter(READER, "policies/changed")
        read_it(pages[0], running, locale, is_first=True)
        read_it(pages[1], running, locale, is_first=False)


def beside(page: Page, clause: str):
    return page.locator(f'[id="c-{clause.replace(".", "-")}"] .clause-state')


def see_my_state(page: Page, running: portal.Portal, locale: str) -> None:
    """Wide: beside the words of the clause; narrow: below them; never wider than the screen."""
    page.goto(running.address + "/privacy-policy")
    expect(beside(page, "4.5")).to_contain_text(WORDS[locale]["off"])
    expect(beside(page, "4.5").get_by_role("link")).to_contain_text(WORDS[locale]["change"])
    text, state = page.locator('[id="c-4-5"] > p').first.bounding_box(), beside(page, "4.5").bounding_box()
    assert text
    assert state
    is_wide = page.viewport_size is not None and page.viewport_size["width"] > 1000
    assert state["x"] >= text["x"] + text["width"] if is_wide else state["y"] > text["y"] + text["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def announce(running: portal.Portal, folder: Path) -> None:
    """Smartos says more about roles, Google and marketing mail, as an administrator publishes it."""
    for locale in ("vi", "en"):
        words = (SHIPPED / f"privacy.{locale}.md").read_text(encoding="utf-8")
        for heading in ("### 2.3", "### 4.4", "### 4.6"):
            words = words.replace(heading, f"Thêm một câu. One more sentence.\n\n{heading}")
        file = folder / f"{locale}.md"
        file.write_text(words, encoding="utf-8")
        more = ("--number", "2") if locale == "en" else ()
        command(running, "policies", "import", str(file), "--kind", "privacy", "--locale", locale, *more)
    command(running, "policies", "publish", "2", "--kind", "privacy", "--severity", "major")


def command(running: portal.Portal, *arguments: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    flask(*arguments, env={**own, "PORTAL_INSTANCE_PATH": str(running.instance)})


def read_it(page: Page, running: portal.Portal, locale: str, *, is_first: bool) -> None:
    """The same three lines as in the letter, by the menu and the list; read once, it is not marked any more."""
    page.goto(running.address + "/inbox")
    mark = page.locator(".inbox-unread").get_by_text(WORDS[locale]["unread"])
    expect(mark).to_have_count(1 if is_first else 0)
    page.locator(".inbox a").first.click()
    expect(page.get_by_role("heading", name=WORDS[locale]["heading"])).to_be_visible()
    lines = page.locator("main .prose li")
    expect(lines).to_have_count(3)
    for line, words in zip(lines.all(), WORDS[locale]["lines"], strict=True):
        expect(line).to_contain_text(words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
