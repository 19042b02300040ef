"""axe-core on every page that exists, in both languages, light and dark, wide and narrow; and nothing inline."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from portal.dev.demo import PASSWORD
from tests.browser.places import ANYONE, CUSTOMER, OPERATOR
from tests.browser.walking import sign_in, sign_in_by_paper

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = [("vi-VN", "light", 1280), ("en-GB", "dark", 360)]
ROLES = {
    "anyone": (None, ANYONE),
    "customer": ("binh@example.com", CUSTOMER),
    "operator": ("lan@smartos.example.com", OPERATOR),
}


def complaints(page: Page) -> list[str]:
    """What axe finds, and whether the page has to be pushed sideways."""
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", RULES)["violations"]
    words = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        words.append("the page scrolls sideways")
    return words


@pytest.mark.parametrize(("locale", "theme", "width"), LOOKS)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_can_be_used_by_everyone(demo_portal, officers_paper, notice_id, window, role, locale, theme, width):
    email, places = ROLES[role]
    page = window(locale, color_scheme=theme, viewport={"width": width, "height": 900}).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "Content Security Policy" in message.text else None)
    if role == "operator":
        sign_in_by_paper(page, demo_portal, email, PASSWORD, officers_paper)
    elif email:
        sign_in(page, demo_portal, email, PASSWORD)

    wrong = {}
    for place in places:
        reply = page.goto(demo_portal.address + place.replace("<id>", notice_id))
        assert reply is not None
        if reply.status >= 500 or (found := complaints(page)):
            wrong[place] = found if reply.status < 500 else reply.status

    assert wrong == {}
    assert said == []
