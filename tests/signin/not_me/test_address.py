"""An address that somebody else changed comes back to whoever reads the letter, and to nobody else."""

import pytest
from sqlalchemy import select

from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.accounts.service import email_key
from portal.core.database import db
from portal.profile.models import ProfileChange
from portal.signin.models import SignIn
from tests.support.browse import link_in

NEW = "chiếc ghe chở đầy cam"
OTHER = "mallory@example.com"


@pytest.fixture
def stolen(app, browse, browse_as, make_customer, mailbox, work):
    """Mallory was in Alice's account and moved it to an address of her own."""
    alice = make_customer(email="alice@example.com").admin
    thief = browse_as(alice)
    thief.submit("/profile/email", {"email": OTHER})
    work()
    thief.submit(link_in(mailbox.wait_for(OTHER).text, "/profile/email/"))
    work()
    return alice


def test_an_address_that_somebody_else_changed_comes_back(app, browse, stolen, mailbox, work, fresh):
    link = link_in(mailbox.wait_for("alice@example.com", "profile/email-changed").text, "/not-me/")

    reply = browse.submit(link)
    work()

    assert fresh(stolen).email == "alice@example.com"
    assert mailbox.wait_for("alice@example.com", "signin/signed-out-everywhere")
    assert stolen.full_name not in mailbox.wait_for(OTHER, "signin/address-put-back").content.decode()
    browse.submit(reply.headers["Location"], {"password": NEW})
    browse.sign_in(stolen, NEW)
    with app.app_context():
        newest = db.session.scalars(select(ProfileChange).order_by(ProfileChange.id.desc())).first()
        assert (newest.before, newest.after) == (OTHER, "alice@example.com")


def test_any_earlier_letter_brings_the_address_back_too(browse, make_customer, alarm, app, fresh):
    alice = make_customer(email="alice@example.com").admin
    link = alarm(alice)
    with app.app_context():
        user = db.session.get_one(User, alice.id)
        user.email, user.email_key = OTHER, OTHER
        db.session.commit()

    browse.submit(link)

    assert fresh(alice).email == "alice@example.com"


def test_the_thief_cannot_take_it_back_by_letters_of_their_own(browse, stolen, alarm, mailbox, fresh):
    theirs = alarm(stolen, to=OTHER)
    hers = link_in(mailbox.wait_for("alice@example.com", "profile/email-changed").text, "/not-me/")

    browse.submit(hers)

    assert browse.get(theirs).status_code == 404
    assert browse.post(theirs).status_code == 404
    assert fresh(stolen).email == "alice@example.com"


def test_a_thief_who_is_faster_does_not_void_the_owners_link(browse, stolen, alarm, mailbox, fresh):
    theirs = alarm(stolen, to=OTHER)
    hers = link_in(mailbox.wait_for("alice@example.com", "profile/email-changed").text, "/not-me/")
    browse.submit(theirs)

    reply = browse.submit(hers)

    assert reply.headers["Location"].startswith("/reset-password/")
    assert fresh(stolen).email == "alice@example.com"


def test_an_address_that_opens_another_account_by_now_is_left_there(
    browse, stolen, make_customer, mailbox, fresh, count
):
    link = link_in(mailbox.wait_for("alice@example.com", "profile/email-changed").text, "/not-me/")
    somebody = make_customer(email="alice@example.com").admin

    reply = browse.submit(link)

    assert reply.status_code == 409
    assert "write to us" in reply.get_data(as_text=True)
    assert fresh(stolen).email == OTHER
    assert fresh(stolen).password_hash is None
    assert fresh(somebody).email_key == email_key("alice@example.com")
    assert count(SignIn, SignIn.user_id == stolen.id) == 0
    assert count(MailedLink, MailedLink.purpose == LinkPurpose.RESET_PASSWORD) == 0
