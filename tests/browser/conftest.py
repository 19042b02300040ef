"""A real browser on a real portal."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from portal.dev.demo import PASSWORD
from tests.browser.walking import set_up_two_step, sign_in, write_to_everyone
from tests.support import portal
from tests.support.browser import NoBrowser, launched

OFFICER = "lan@smartos.example.com"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        with launched() as browser:
            yield browser
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture
def window(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser windows; closed with the test."""
    opened: list[BrowserContext] = []

    def open_window(locale: str = "vi-VN", **options: object) -> BrowserContext:
        context = chromium.new_context(locale=locale, **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def demo_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[portal.Portal]:
    """The portal as `make run` starts it, with its demo people; shared by tests that only look."""
    with portal.running(tmp_path_factory.mktemp("demo") / "instance") as running:
        yield running


@pytest.fixture(scope="session")
def officers_paper(demo_portal: portal.Portal, chromium: Browser) -> list[str]:
    """The recovery codes of the demo portal's own officer, who switched the second step on; each signs in once."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, demo_portal, OFFICER, PASSWORD)
    _secret, paper = set_up_two_step(page, demo_portal)
    context.close()
    return paper


@pytest.fixture(scope="session")
def notice_id(demo_portal: portal.Portal) -> str:
    """A service notice that everyone in the demo portal got."""
    return write_to_everyone(demo_portal, by=OFFICER)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"
