"""The letters about joining, as people read them."""

from pathlib import Path

import pytest

from portal.core import clock
from tests.support.browse import Browse, link_in
from tests.support.golden import assert_golden

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
    pytest.mark.parametrize("locale", ["vi", "en"]),
]
LETTERS = Path(__file__).parent / "letters"
FIELDS = {
    "kind": "individual",
    "full_name": "Trần Thị Bích",
    "email": "bich@example.com",
    "password": "sông Hàn lúc nửa đêm",
    "age_confirmed": "y",
    "accept_policy": "y",
}


def test_verifying_and_welcome(app, mailbox, work, locale):
    browse = Browse(app, language=locale)

    browse.submit("/sign-up", FIELDS)
    work()
    verify = mailbox.wait_for("bich@example.com", "joining/verify")
    browse.submit(link_in(verify.text, "/verify-email/"))
    work()

    assert_golden(verify, LETTERS / f"verify.{locale}.txt")
    assert_golden(mailbox.wait_for("bich@example.com", "joining/welcome"), LETTERS / f"welcome.{locale}.txt")


@pytest.mark.parametrize("state", ["open", "closing"])
def test_somebody_who_is_here_already(app, make_customer, mailbox, work, locale, state):
    since = {"closing_since": clock.now()} if state == "closing" else {}
    make_customer(email="bich@example.com", full_name="Trần Thị Bích", locale=locale, **since)

    Browse(app, language="en").submit("/sign-up", FIELDS)
    work()

    letter = mailbox.wait_for("bich@example.com", "joining/already-here")
    assert_golden(letter, LETTERS / f"already-here-{state}.{locale}.txt")
