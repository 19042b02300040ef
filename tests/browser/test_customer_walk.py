"""The whole way of a customer, in a real browser, against the running portal with its worker and mail server."""

import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import fill, send, sign_in, sign_up, state, wait_for_state
from tests.support import portal
from tests.support.browse import link_in
from tests.support.processes import wait_until
from tests.support.residue import files_with

MARKS = {
    "full_name": "Zqa Mộng Lành",
    "company_name": "Zqb Quán",
    "business_unit": "Zqc unit",
    "address": "Zqd street 7",
    "contact_address": "Zqe street 9",
}
PLANTED = ("Zqa", "Zqb", "Zqc", "Zqd", "Zqe", "zqf", "zqg", "905777123")
FIRST, SECOND = "zqf@example.com", "zqg@example.com"
PASSWORD = "mưa rơi trên mái tôn"
AFTER_DAY_30 = {"PORTAL_CLOCK_OFFSET": str(timedelta(days=30, minutes=5).total_seconds())}


@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
def test_clause_9_1_a_customer_comes_sees_corrects_takes_and_leaves(window, instance, locale, tmp_path):
    with portal.running(instance) as running:
        page = window(locale, accept_downloads=True).new_page()
        join(page, running)
        correct_the_profile(page, running)
        see_everything(page, running)
        take_a_copy(page, running, tmp_path)
        code = leave(page, running)
        assert any(
            file.name.startswith("portal.sqlite3") for file in files_with(instance, PLANTED)
        )  # a scan finds them

    with portal.running(instance, more=AFTER_DAY_30) as running:
        page = window(locale).new_page()
        page.goto(f"{running.address}/data-deletion/{code}")
        wait_until(lambda: page.reload() and state(page) == "purged", timeout=90, what="the purge")
        assert not [word for word in PLANTED if word in page.content()]
        assert code in running.wait_for_letter("erased@portal.invalid", "erasure/erased").text
        assert files_with(instance, PLANTED) == []

        page.goto(running.address + "/sign-in")
        fill(page, {"email": SECOND, "password": PASSWORD})
        send(page)
        assert page.url.endswith("/sign-in")
    assert files_with(instance, [word for word in PLANTED if word != "zqg"]) == []


def join(page: Page, running: portal.Portal) -> None:
    given = {"full_name": MARKS["full_name"], "company_name": MARKS["company_name"]}
    sign_up(page, running, given | {"email": FIRST, "password": PASSWORD}, kind="organisation")
    sign_in(page, running, FIRST, PASSWORD)


def correct_the_profile(page: Page, running: portal.Portal) -> None:
    page.goto(running.address + "/profile")
    fill(page, MARKS)
    send(page)
    page.goto(running.address + "/profile/email")
    fill(page, {"email": SECOND})
    send(page)
    page.goto(
        running.address + link_in(running.wait_for_letter(SECOND, "profile/verify-new-email").text, "/profile/email/")
    )
    send(page)
    assert len(running.letters(FIRST)) >= 3  # verified, welcome, and told of the new address
    page.goto(running.address + "/profile/phone")
    fill(page, {"phone": "0905 777 123"})
    send(page)
    letter = running.wait_for_letter(SECOND, "profile/phone-code")
    fill(page, {"code": next(word for word in letter.text.split() if word.isdigit() and len(word) == 6)})
    send(page)
    page.goto(running.address + "/profile")
    for name, value in MARKS.items():
        expect(page.locator(f"main [name={name}]")).to_have_value(value)
    expect(page.locator("main")).to_contain_text("905 777 123")
    page.goto(running.address + "/profile/history")
    expect(page.locator("main")).to_contain_text("Zqd street 7")


def see_everything(page: Page, running: portal.Portal) -> None:
    page.goto(running.address + "/my-data")
    links = page.locator("main a[href^='/my-data/']").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert len(links) == 14
    for link in links:
        assert page.goto(running.address + link).ok
    page.goto(running.address + "/my-data/visits")
    expect(page.locator("main")).to_contain_text("127.0.0.1")
    expect(page.locator("main")).to_contain_text("Chrome")
    expect(page.locator("main")).to_contain_text("Linux")
    page.goto(running.address + "/my-data/contract")
    expect(page.locator("main")).to_contain_text("Smartos PMS")


def take_a_copy(page: Page, running: portal.Portal, folder: Path) -> None:
    page.goto(running.address + "/exports")
    send(page)
    wait_for_state(page, "ready")
    running.wait_for_letter(SECOND, "exports/ready")
    with page.expect_download() as download:
        page.click("main a[href$='/download']")
    archive = folder / "archive.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        manifest = json.loads(opened.read("manifest.json"))
        for file in manifest["files"]:
            assert hashlib.sha256(opened.read(file["path"])).hexdigest() == file["sha256"]
        profile = opened.read("data/profile.json").decode()
        assert all(value in profile for value in (*MARKS.values(), SECOND))


def leave(page: Page, running: portal.Portal) -> str:
    close(page, running)
    page.goto(running.address + "/profile")
    assert page.locator("main [name=full_name]").count() == 0  # nothing but undoing, exporting and reading
    expect(page.locator("main")).to_contain_text(MARKS["full_name"])
    page.goto(running.address + "/exports")
    assert page.locator("main form").count()
    page.goto(running.address + "/close-account")
    send(page, "main form[action$='/undo'] button")
    page.goto(running.address + "/close-account")
    assert state(page) == "none"
    close(page, running)
    running.wait_for_letter(SECOND, "erasure/closing")
    link = page.locator("main a[href*='/data-deletion/']").get_attribute("href") or ""
    return link.rpartition("/")[2]


def close(page: Page, running: portal.Portal) -> None:
    page.goto(running.address + "/close-account")
    page.fill("main [name=reason]", "Zqc is sold")
    page.check("main [name=confirm]")
    if page.locator("main [name=scope][value=customer]").count():
        page.check("main [name=scope][value=customer]")
    send(page)
    assert state(page) == "pending"
    expect(page.locator("main")).to_contain_text("30")
