"""Writing to everyone, with a second pair of eyes: compose, read, test, submit, approve, watch it go to its end."""

import re
from collections.abc import Callable
from threading import Semaphore

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.test_officer_walk import command
from tests.browser.walking import fill, send, set_up_two_step, sign_in, wait_for_state
from tests.support import portal
from tests.support.desk import NOTICE
from tests.support.sink import Sink

LAN, MINH, SECRET = "lan@smartos.example.com", "minh@smartos.example.com", "sáng sớm bên cầu Rồng"
REFUSED, ANSWER = "an@example.com", "550 5.1.1 No such person here"
PEOPLE = "1100"
THOUSANDS = {"vi-VN": "1.10", "en-GB": "1,10"}
LANGUAGES = {"Tiếng Việt", "English"}
TRIAL_IS_OVER = {"PORTAL_CLOCK_OFFSET": "300"}
SENT, BAR = "[data-fact=sent]", "main section progress"
Window = Callable[..., BrowserContext]


class Gate:
    """The mail server answers no more letters than the test lets through."""

    def __init__(self, sink: Sink) -> None:
        self._letters = Semaphore(0)
        sink.rules.ready = lambda address: self._letters.acquire(timeout=60)

    def let(self, number: int) -> None:
        self._letters.release(number)


@pytest.mark.parametrize("locale", list(THOUSANDS))
def test_a_notice_is_written_read_tested_approved_and_followed_to_its_end(window, instance, locale):
    lan, minh = (window(locale).new_page() for _ in range(2))
    with portal.running(instance) as running:
        command(instance, "demo", "--customers", PEOPLE)
        begin(lan, running, LAN, PASSWORD, locale)
        compose(lan)
        read(lan)
        submit(lan, THOUSANDS[locale])
        cancel(lan)
        lan.goto(running.address + "/staff/notices")
        compose(lan)
        send_to_oneself(lan, running)
        submit(lan, THOUSANDS[locale])
        assert lan.locator("form[action$='/approve']").count() == 0
        join(minh, running, locale)
        at = lan.url.removeprefix(running.address)

    with Sink() as sink:
        sink.rules.refused[REFUSED] = ANSWER
        own = {"PORTAL_SMTP_URL": sink.url}
        with portal.running(instance, more=own) as running:
            minh.goto(running.address + at)
            approve(minh)
            pause_and_go_on(minh)
        gate = Gate(sink)
        with portal.running(instance, more=own | TRIAL_IS_OVER) as running:
            minh.goto(running.address + at)
            follow(minh, gate, without_script(window, minh, locale))
            find_the_refused(minh)


def begin(page: Page, running: portal.Portal, email: str, password: str, locale: str) -> None:
    sign_in(page, running, email, password)
    page.goto(running.address + "/profile")
    page.select_option("main [name=locale]", locale[:2])
    send(page)
    set_up_two_step(page, running)
    page.goto(running.address + "/staff/notices")


def compose(page: Page) -> None:
    send(page, "main a[href='/staff/notices/new']")
    fill(page, {**NOTICE, "body_en": "Hello {name}"})
    send(page)
    expect(page.locator("#body_en-error")).to_contain_text("{name}")
    fill(page, {"body_en": NOTICE["body_en"]})
    send(page)
    wait_for_state(page, "draft")


def read(page: Page) -> None:
    """Both letters as people get them, how many they are, and ten of them whose addresses stay masked."""
    frames = page.frame_locator("iframe.letter-frame")
    expect(frames.first.locator("h1")).to_have_text(NOTICE["subject_vi"])
    page.locator("iframe.letter-frame").last.scroll_into_view_if_needed()
    expect(frames.last.locator("h1")).to_have_text(NOTICE["subject_en"])
    expect(page.locator(".number-big")).to_have_text(re.compile(r"^1[.,]10\d$"))
    sample = page.locator("main table").first
    addresses = sample.locator("tbody th").all_inner_texts()
    assert len(addresses) == 10
    assert all(re.fullmatch(r"[a-z]•••@(smartos\.)?example\.com", address) for address in addresses)
    assert set(sample.locator("tbody td:nth-child(2)").all_inner_texts()) <= LANGUAGES


def send_to_oneself(page: Page, running: portal.Portal) -> None:
    send(page, "form[action$='/test'] button")
    letter = running.wait_for_letter(LAN, "notices/service")
    assert "1 a.m." in letter.text or "1 giờ sáng" in letter.text


def submit(page: Page, thousands: str) -> None:
    at = page.url
    send(page, "main a[href$='/send']")
    expect(page.locator("h1")).to_contain_text(thousands)
    assert page.url == f"{at}/send"
    send(page)
    expect(page).to_have_url(at)
    wait_for_state(page, "awaiting-approval")


def cancel(page: Page) -> None:
    page.click("form[action$='/cancel'] button")
    send(page, "[data-confirm-yes]")
    wait_for_state(page, "cancelled")


def join(page: Page, running: portal.Portal, locale: str) -> None:
    """A second officer, as an administrator adds one."""
    link = re.search(r"https?://\S+(/reset-password/\S+)", command(running.instance, "operator", "add", MINH))
    assert link
    page.goto(running.address + link[1])
    fill(page, {"password": SECRET})
    send(page)
    begin(page, running, MINH, SECRET, locale)


def approve(page: Page) -> None:
    """After a look at the letter of each language."""
    expect(page.locator("main iframe.letter-frame")).to_have_count(2)
    send(page, "form[action$='/approve'] button")
    wait_for_state(page, "canary")


def pause_and_go_on(page: Page) -> None:
    """The trial of fifty is out, but for the one whom the mail server refuses; the others wait for reports."""
    expect(page.locator(SENT)).to_have_text("49", timeout=30_000)
    send(page, "form[action$='/pause'] button")
    wait_for_state(page, "paused")
    send(page, "form[action$='/resume'] button")
    wait_for_state(page, "canary")


def without_script(window: Window, page: Page, locale: str) -> Page:
    """The same person at the same page, in a browser that runs no script."""
    plain = window(locale, java_script_enabled=False, storage_state=page.context.storage_state()).new_page()
    plain.goto(page.url)
    return plain


def follow(page: Page, gate: Gate, plain: Page) -> None:
    """Numbers and bar move in the page that is open, without a reload; without script the page loads itself anew."""
    wait_for_state(page, "sending")
    expect(plain.locator("#state")).to_have_attribute("data-state", "sending", timeout=20_000)
    page.evaluate("window.__same = true")
    before, sent = int(page.locator(BAR).get_attribute("value") or 0), plain.locator(SENT).inner_text()

    gate.let(200)

    expect(page.locator(SENT)).not_to_have_text(sent)
    page.wait_for_function("([bar, before]) => document.querySelector(bar).value > before", arg=[BAR, before])
    assert page.evaluate("window.__same") is True
    expect(plain.locator(SENT)).not_to_have_text(sent, timeout=20_000)

    gate.let(int(PEOPLE))

    for window_of in (page, plain):
        wait_for_state(window_of, "done")
        bar = window_of.locator(BAR)
        assert bar.get_attribute("value") == bar.get_attribute("max") == "1104"
        expect(window_of.locator(SENT)).to_have_text(re.compile(r"^1[.,]103$"))


def find_the_refused(page: Page) -> None:
    """The reason on the notice's page leads to whom it struck."""
    expect(page.locator("[data-fact=failed]")).to_have_text("1")
    send(page, "main table a[href*='/failures']")
    row = page.locator("main tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("th")).to_have_text("a•••@example.com")
    expect(row.locator("td").last).to_have_text(re.compile(r"^(550|5\.1\.1)$"))
