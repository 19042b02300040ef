"""The envelope's sender: one for each letter, signed, and nothing that a stranger could make up."""

from uuid import uuid4

import pytest

from portal.core.database import db
from portal.mailer import verp
from portal.mailer.post import Reader, write
from tests.support.portals import portal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
BIGGEST = 2**63 - 1


@pytest.fixture
def in_app(app):
    with app.app_context():
        yield


@pytest.mark.parametrize("number", [0, 1, 35, 36, 1_000_000, BIGGEST])
def test_a_deliverys_address_is_read_back(in_app, number):
    address = verp.envelope_sender("n", number)

    assert verp.read(address) == ("n", number)
    assert address.endswith("@smartos.space")


def test_a_letters_address_is_read_back(in_app):
    letter_id = uuid4()

    assert verp.read(verp.envelope_sender("l", letter_id)) == ("l", letter_id)


def test_a_server_that_changes_the_case_changes_nothing(in_app):
    address = verp.envelope_sender("n", 4711)

    assert address == address.lower()
    assert verp.read(address.upper()) == ("n", 4711)
    assert verp.read(f"  {address}\n") == ("n", 4711)


@pytest.mark.parametrize(("kind", "of"), [("n", BIGGEST), ("l", uuid4())])
def test_what_comes_before_the_at_fits_everywhere(in_app, kind, of):
    local = verp.envelope_sender(kind, of).partition("@")[0]

    assert len(local) <= verp.LONGEST_LOCAL <= 64
    assert set(local) <= set("abcdefghijklmnopqrstuvwxyz0123456789+-")


def test_no_other_letter_can_be_named_with_the_same_signature(in_app):
    address = verp.envelope_sender("n", 4711)
    payload, _, rest = address.removeprefix("bounces+").partition("-")

    assert verp.read(f"bounces+{payload[:-1]}0-{rest}") is None
    assert verp.read(f"bounces+l{payload[1:]}-{rest}") is None
    assert verp.read(address.replace("-", "-0")) is None


def test_every_changed_digit_is_noticed(in_app):
    address = verp.envelope_sender("n", 4711)
    start = address.index("-") + 1

    for place in range(start, start + verp.MAC_LENGTH):
        other = "0" if address[place] != "0" else "1"
        assert verp.read(address[:place] + other + address[place + 1 :]) is None


@pytest.mark.parametrize(
    "address",
    ["", "@", "bounces", "bounces+@x", "bounces+-@x", "bounces+n1-@x", "bounces+n1@x", "no-reply@smartos.space",
     "bounces+n\u0661-00000000000000000000@x", "bounces+n1-\ud800\xe9@x", "\0", "bounces+" + "n" * 100_000 + "-0@x"],
)  # fmt: skip
def test_what_is_no_address_of_ours_is_nobodys(in_app, address):
    assert verp.read(address) is None
    assert verp.find(address) is None


def test_another_portals_address_is_not_ours(in_app, environ):
    with (
        portal(environ | {"PORTAL_HASH_KEY": "another key, of another portal, long enough"}) as other,
        other.app_context(),
    ):
        theirs = verp.envelope_sender("n", 4711)

    assert verp.read(theirs) is None


def test_it_comes_back_to_where_letters_come_from(environ):
    settings = environ | {"PORTAL_MAIL_FROM": "Smartos <hello@Mail.Example.com>"}
    with portal(settings) as other, other.app_context():
        assert verp.envelope_sender("n", 1).endswith("@mail.example.com")


def test_a_report_from_before_the_address_changed_is_still_read(in_app):
    address = verp.envelope_sender("n", 4711)

    assert verp.read(address.replace("@smartos.space", "@before.example.com")) == ("n", 4711)


def test_among_many_the_signed_one_is_found_and_a_flood_is_not_read_to_its_end(in_app):
    good, forged = verp.envelope_sender("n", 4711), f"bounces+n1-{'0' * 20}@smartos.space"

    assert verp.find(f"<{forged}>, Somebody <{good}>") == ("n", 4711)
    assert verp.find(f"<{forged}>," * 1000 + good) is None


def test_a_single_letter_leaves_with_it_and_is_still_from_us(app, mailbox, work):
    with app.app_context():
        letter = write("signin/reset-password", Reader("an@example.com", "en"), {"full_name": "An", "link": "x"})
        db.session.commit()
        sender = verp.envelope_sender("l", letter.id)

    work()

    seen = mailbox.wait_for("an@example.com")
    assert seen.sender == sender
    assert seen.message["From"] == "Smartos <no-reply@smartos.space>"
    assert "bounces+" not in seen.content.decode()
