"""Somebody agrees, looks back, gets an advertisement, and leaves by its link and by the mail program's button."""

from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from portal.accounts.service import user_by_email
from portal.app import create_app
from portal.consents import unsubscribing
from portal.consents.purposes import ConsentPurpose
from tests.browser.walking import sign_in, sign_up
from tests.support import portal

EMAIL = "hoa@example.com"
PASSWORD = "mưa rơi trên mái tôn"
WORDS = {
    "vi-VN": {
        "given": "Đã đồng ý",
        "never": "bạn chưa từng đồng ý",
        "why": "Để mời bạn đến các sự kiện",
        "nothing": "Khi đó bạn chưa có quyết định nào",
        "left": "Bạn đã hủy nhận thư",
        "letter": "Đã ngừng: Sự kiện nổi bật",
    },
    "en-GB": {
        "given": "Given",
        "never": "never given",
        "why": "To invite you to events",
        "nothing": "You had not decided about anything yet",
        "left": "You are unsubscribed",
        "letter": "Stopped: Featured events",
    },
}


@pytest.mark.parametrize("locale", list(WORDS))
def test_clause_9_3_somebody_agrees_looks_back_and_leaves_by_letter(window, instance, locale):
    words = WORDS[locale]
    with portal.running(instance) as running:
        page = window(locale).new_page()
        sign_up(page, running, {"full_name": "Lê Thị Hoa", "email": EMAIL, "password": PASSWORD}, kind="individual")
        sign_in(page, running, EMAIL, PASSWORD)

        page.goto(running.address + "/consents")
        expect(page.locator("#events")).to_contain_text(words["never"])
        for kind in ("events", "surveys"):
            page.locator(f"#{kind} .switch-button").click()
            expect(page.locator(f"#{kind} .badge").first).to_have_text(words["given"])

        page.goto(running.address + "/consents/history")
        day, month, year = (page.evaluate(DAY_PARTS)[part] for part in ("day", "month", "year"))
        page.fill("[name=day]", f"{year}-{month}-{day}")
        page.click(".time-machine button")
        expect(page.locator("#moment")).to_contain_text(words["why"])
        page.fill("[name=day]", "2020-01-01")
        page.click(".time-machine button")
        expect(page.locator("#moment")).to_contain_text(words["nothing"])

        events, surveys = links(running)
        stranger = window(locale, viewport={"width": 360, "height": 740}).new_page()
        stranger.goto(running.address + events)
        expect(stranger.locator("#state")).to_have_attribute("data-state", "given")
        stranger.locator("main form button").first.click()
        expect(stranger.locator("h1")).to_have_text(words["left"])
        assert words["letter"] in running.wait_for_letter(EMAIL, "consents/unsubscribed").text

        with urlopen(Request(running.address + surveys, data=b"List-Unsubscribe=One-Click")) as answer:
            assert (answer.status, answer.url) == (200, running.address + surveys)

        page.goto(running.address + "/consents")
        for kind in ("events", "surveys"):
            expect(page.locator(f"#{kind} .switch-on")).to_have_count(0)


DAY_PARTS = """() => Object.fromEntries(new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Ho_Chi_Minh", year: "numeric", month: "2-digit", day: "2-digit"
}).formatToParts(new Date()).map(part => [part.type, part.value]))"""


def links(running: portal.Portal) -> tuple[str, str]:
    """The paths behind the links of two letters of advertising to her."""
    app = create_app({"PORTAL_INSTANCE_PATH": str(running.instance)})
    with app.app_context():
        user = user_by_email(EMAIL)
        assert user is not None
        base = app.extensions["settings"].base_url
        kinds = (ConsentPurpose.EVENTS, ConsentPurpose.SURVEYS)
        return tuple(unsubscribing.link(user.id, kind).removeprefix(base) for kind in kinds)  # type: ignore[return-value]
