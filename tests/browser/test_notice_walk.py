"""Writing to everyone, with a second pair of eyes: compose, read, test, submit, approve, watch it go."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.dev.demo import PASSWORD
from tests.browser.test_officer_walk import command
from tests.browser.walking import fill, send, set_up_two_step, sign_in, wait_for_state
from tests.support import portal
from tests.support.desk import NOTICE

LAN, MINH, SECRET = "lan@smartos.example.com", "minh@smartos.example.com", "sáng sớm bên cầu Rồng"
PEOPLE = "1100"
THOUSANDS = {"vi-VN": "1.1", "en-GB": "1,1"}


@pytest.mark.parametrize("locale", list(THOUSANDS))
def test_a_notice_is_written_read_tested_approved_and_followed_to_its_end(window, instance, locale):
    thousands = THOUSANDS[locale]
    with portal.running(instance) as running:
        command(instance, "demo", "--customers", PEOPLE)
        lan = window(locale).new_page()
        begin(lan, running, LAN, PASSWORD, locale)
        compose(lan)
        at = lan.url
        expect(lan.frame_locator("iframe.letter-frame").first.locator("h1")).to_have_text(NOTICE["subject_vi"])
        send_to_oneself(lan, running)
        submit(lan, at, thousands)
        wait_for_state(lan, "awaiting-approval")
        assert lan.locator("form[action$='/approve']").count() == 0

        minh = window(locale).new_page()
        join(minh, running, locale)
        minh.goto(at)
        expect(minh.locator("main iframe.letter-frame")).to_have_count(2)
        send(minh, "form[action$='/approve'] button")
        wait_for_state(minh, "canary")
        pause_and_go_on(minh)
        cancel(minh)
        expect(minh.locator("main")).to_contain_text(thousands)


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


def send_to_oneself(page: Page, running: portal.Portal) -> None:
    send(page, "form[action$='/test'] button")
    letter = running.wait_for_letter(LAN, "notices/service")
    assert "1 a.m." in letter.text or "1 giờ sáng" in letter.text


def submit(page: Page, at: str, thousands: str) -> None:
    send(page, "main a[href$='/send']")
    expect(page.locator("h1")).to_contain_text(thousands)
    assert page.url == f"{at}/send"
    send(page)
    expect(page).to_have_url(at)


def join(page: Page, running: portal.Portal, locale: str) -> None:
    """A second officer, as an administrator adds one."""
    link = re.search(r"https?://\S+(/reset-password/\S+)", command(running.instance, "operator", "add", MINH))
    assert link
    page.goto(running.address + link[1])
    fill(page, {"password": SECRET})
    send(page)
    begin(page, running, MINH, SECRET, locale)


def pause_and_go_on(page: Page) -> None:
    expect(page.locator("[data-fact=sent]")).not_to_have_text("0", timeout=30_000)
    send(page, "form[action$='/pause'] button")
    wait_for_state(page, "paused")
    send(page, "form[action$='/resume'] button")
    wait_for_state(page, "canary")


def cancel(page: Page) -> None:
    page.click("form[action$='/cancel'] button")
    send(page, "[data-confirm-yes]")
    wait_for_state(page, "cancelled")
