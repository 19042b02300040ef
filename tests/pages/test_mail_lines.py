"""The doctor sees without a network when no report could come back to the sender of the letters."""

from dataclasses import replace

import pytest

from portal.config import Settings
from portal.pages.mail_lines import unanswerable

LONG = "a" * 60


@pytest.mark.parametrize(
    "sender",
    ["Smartos <no-reply@smartos.space>", "no-reply@mail.example.com", f"x@{LONG}.{LONG}.{LONG}.vn"],
)
def test_a_sender_with_a_name_in_the_dns_is_fine(sender):
    assert list(unanswerable(replace(Settings(), mail_from=sender))) == []


@pytest.mark.parametrize(
    "sender", ["", "Smartos", "no-reply@localhost", "no-reply@", "a@b, c@d.example.com", "no-reply@relay.local"]
)
def test_a_sender_that_nobody_can_answer_is_named(sender):
    (says,) = unanswerable(replace(Settings(), mail_from=sender))

    assert says.startswith("PORTAL_MAIL_FROM names no address")


def test_a_domain_that_leaves_no_room_for_the_bounce_address_is_named():
    sender = f"x@{LONG}.{LONG}.{LONG}.example.com.vn"

    (says,) = unanswerable(replace(Settings(), mail_from=sender))

    assert "shorter" in says
