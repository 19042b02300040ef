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
from tests.browser.walking import fill, send
from tests.support import portal
from tests.support.browser import launched

ROLES = ((None, ANYONE), ("binh@example.com", CUSTOMER), ("lan@smartos.example.com", OPERATOR))


def photograph(browser: Browser, address: str, folder: Path, *, locale: str, theme: str, width: int) -> None:
    """Every page of every role in one look."""
    for email, places in ROLES:
        context = browser.new_context(
            locale=locale,
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        if email:
            page.goto(address + "/sign-in")
            fill(page, {"email": email, "password": PASSWORD})
            send(page)
            # the demo people read Vietnamese; the look decides here
            page.click(f".locales button[value={locale[:2]}]")
        for place in places:
            page.goto(address + place)
            name = f"{place.strip('/').replace('/', '_') or 'home'}.{locale[:2]}.{theme}.{width}.png"
            page.screenshot(path=folder / name, full_page=True)
        context.close()


def main() -> None:
    """Photograph everything into the folder given."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, portal.running(Path(instance)) as running, launched() as browser:
        for locale, (theme, width) in product(("vi-VN", "en-GB"), (("light", 1280), ("dark", 390))):
            photograph(browser, running.address, folder, locale=locale, theme=theme, width=width)


if __name__ == "__main__":
    main()
