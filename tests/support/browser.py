"""A real browser for the tests: the machine's chromium, driven by Playwright."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# No sandbox, since CI runs as root; and no call home, which a closed network would refuse by the dozen
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class NoBrowser(RuntimeError):
    """This machine has no chromium; the text says what to install."""


def find_chromium() -> str:
    """The path of chromium. Raises NoBrowser."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoBrowser("browser: no chromium on this machine (Debian and Ubuntu: apt install chromium)")


@contextlib.contextmanager
def launched(playwright: Playwright | None = None) -> Iterator[Browser]:
    """A headless browser, closed at the end; contexts and pages are the caller's. Raises NoBrowser."""
    path = find_chromium()
    with contextlib.ExitStack() as stack:
        player = playwright or stack.enter_context(sync_playwright())
        browser = player.chromium.launch(executable_path=path, args=ARGUMENTS)
        stack.callback(browser.close)
        yield browser
