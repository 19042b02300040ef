"""`make look`: a picture of every page, in both languages, light and dark, wide and narrow, to be looked at.

`python -m tests.browser.look FOLDER` starts the portal on an instance of its own and writes PNG files.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from portal.dev.demo import PASSWORD
from tests.browser.places import ANYONE, CUSTOMER, OPERATOR
from tests.browser.walking import set_up_two_step, sign_in, sign_in_by_paper, write_to_everyone
from tests.support import portal
from tests.support.browser import launched

OFFICER = "lan@smartos.example.com"
ROLES = ((None, ANYONE), ("binh@example.com", CUSTOMER), (OFFICER, OPERATOR))


def photograph(
    browser: Browser,
    running: portal.Portal,
    paper: list[str],
    folder: Path,
    *,
    notice_id: str,
    locale: str,
    theme: str,
    width: int,
) -> None:
    """Every page of every role in one look.

    `paper` holds the recovery codes of Smartos's own officer, `notice_id` is that of a notice that everyone got.
    """
    for email, places in ROLES:
        context = browser.new_context(
            locale=locale,
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        if email == OFFICER:
            sign_in_by_paper(page, running, email, PASSWORD, paper)
        elif email:
            sign_in(page, running, email, PASSWORD)
        if email:
            # the demo people read Vietnamese; the look decides here
            page.click(f".locales button[value={locale[:2]}]")
        for place in places:
            page.goto(running.address + place.replace("<id>", notice_id))
            named = place.partition("?")[0].strip("/").replace("<id>", "one").replace("/", "_") or "home"
            name = f"{named}.{locale[:2]}.{theme}.{width}.png"
            page.screenshot(path=folder / name, full_page=True)
        context.close()


def main() -> None:
    """Photograph everything into the folder given."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, portal.running(Path(instance)) as running, launched() as browser:
        officer = browser.new_page()
        sign_in(officer, running, OFFICER, PASSWORD)
        _secret, paper = set_up_two_step(officer, running)
        notice_id = write_to_everyone(running, by=OFFICER)
        for locale, (theme, width) in product(("vi-VN", "en-GB"), (("light", 1280), ("dark", 390))):
            photograph(browser, running, paper, folder, notice_id=notice_id, locale=locale, theme=theme, width=width)


if __name__ == "__main__":
    main()
