"""Somebody else signs in; a letter tells; one press, a new password, and the other device is out."""

import pytest
from playwright.sync_api import expect

from tests.browser.walking import fill, send, sign_in, sign_up
from tests.support import portal
from tests.support.browse import link_in

EMAIL = "zqf@example.com"
STOLEN, NEW = "mưa rơi trên mái tôn", "chiếc ghe chở đầy cam"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
WORDS = {
    "vi-VN": {
        "letter": "trình duyệt mà chúng tôi chưa từng thấy",
        "happened": "Một thiết bị mới đã đăng nhập.",
        "button": "Không phải tôi",
        "over": "Liên kết này không còn dùng được",
        "lately": "Nút “Không phải tôi” được bấm",
    },
    "en-GB": {
        "letter": "a browser that we had not seen there before",
        "happened": "A new device signed in.",
        "button": "This was not me",
        "over": "This link does not work any more",
        "lately": "“This was not me” was pressed",
    },
}


@pytest.mark.parametrize("locale", list(WORDS))
def test_another_device_is_out_once_the_owner_says_that_it_was_not_them(window, instance, locale):
    words = WORDS[locale]
    with portal.running(instance) as running:
        owner = window(locale).new_page()
        sign_up(owner, running, {"full_name": "Trần Thị Bích", "email": EMAIL, "password": STOLEN}, kind="individual")
        sign_in(owner, running, EMAIL, STOLEN)

        thief = window(locale, user_agent=FIREFOX).new_page()
        sign_in(thief, running, EMAIL, STOLEN)
        letter = running.wait_for_letter(EMAIL, "signin/new-device")
        link = running.address + link_in(letter.text, "/not-me/")
        assert words["letter"] in letter.text

        telephone = window(locale, viewport={"width": 360, "height": 740}).new_page()
        telephone.goto(link)
        expect(telephone.locator("main")).to_contain_text(words["happened"])
        expect(telephone.locator("main")).to_contain_text("Firefox 130 · Windows 10")
        expect(telephone.locator("main form.form button")).to_have_text(words["button"])
        thief.goto(running.address + "/profile")
        assert thief.url.endswith("/profile")  # looking at the link has changed nothing
        send(telephone)
        assert "/reset-password/" in telephone.url
        fill(telephone, {"password": NEW})
        send(telephone)
        assert telephone.url.endswith("/sign-in")

        for page in (thief, owner):
            page.goto(running.address + "/overview")
            assert "/sign-in" in page.url
        fill(thief, {"email": EMAIL, "password": STOLEN})
        send(thief)
        assert "/sign-in" in thief.url
        sign_in(owner, running, EMAIL, NEW)
        owner.goto(running.address + "/security")
        expect(owner.locator("main")).to_contain_text(words["lately"])
        assert running.wait_for_letter(EMAIL, "signin/signed-out-everywhere")
        telephone.goto(link)
        expect(telephone.locator("h1")).to_have_text(words["over"])
