"""What a press takes back: what the letter was about, and what guards the account only since then."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.profile.models import PersonalField, ProfileChange
from portal.signin.factors.models import Passkey, RecoveryCode, SecondStep
from portal.signin.models import Way
from portal.signin.providers.models import LinkedAccount, Provider
from tests.support.browse import Browse
from tests.support.guards import linked, passkey, second_step


def test_the_passkey_that_the_letter_told_of_is_removed_and_an_older_one_stays(
    browse, make_customer, alarm, app, hold, mailbox, work
):
    alice = make_customer().admin
    long_ago = clock.now() - timedelta(days=30)
    hers, strange = passkey(alice, name="Hers", added_at=long_ago), passkey(alice, name="Strange", credential_id=b"s")
    hold(hers, strange)
    with app.app_context():
        about = f"passkey:{db.session.scalar(select(Passkey.id).where(Passkey.name == 'Strange'))}"
    link = alarm(alice, "signin/passkey-added", about=about)

    page = browse.get(link).get_data(as_text=True)
    browse.submit(link)

    with app.app_context():
        assert db.session.scalars(select(Passkey.name)).all() == ["Hers"]
    assert "no longer opens your account" in page
    work()
    assert "no longer opens your account" in mailbox.wait_for(alice.email, "signin/signed-out-everywhere").text


def test_the_second_step_that_the_letter_told_of_is_removed(browse, make_customer, alarm, count, hold):
    alice = make_customer().admin
    hold(second_step(alice), RecoveryCode(user_id=alice.id, number=1, code_hash="h"))
    link = alarm(alice, "signin/two-step-on", about="second-step")

    browse.submit(link)

    assert (count(SecondStep), count(RecoveryCode)) == (0, 0)


@pytest.mark.parametrize(
    ("letter", "about"),
    [
        ("signin/two-step-on", "second-step"),
        ("signin/recovery-codes-renewed", "recovery-codes"),
        ("signin/password-changed", "password"),
    ],
)
def test_no_letter_takes_a_factor_from_smartos_own_people_so_that_their_mailbox_alone_opens_no_console(
    app, make_operator, alarm, count, hold, fresh, mailbox, work, letter, about
):
    lan = make_operator()
    link = alarm(lan, letter, about=about)
    hold(passkey(lan), RecoveryCode(user_id=lan.id, number=11, code_hash="h"))
    before = (count(Passkey), count(SecondStep), count(RecoveryCode))
    thief = Browse(app)

    page = thief.get(link).get_data(as_text=True)
    reset = thief.submit(link).headers["Location"]
    work()
    letters = mailbox.wait_for(lan.email, "signin/signed-out-everywhere").text

    assert before[1] == 1
    assert (count(Passkey), count(SecondStep), count(RecoveryCode)) == before
    assert fresh(lan).password_hash is None
    for said in (page, letters):
        assert not any(
            words in said for words in ("no longer opens your account", "with its recovery codes", "make new ones")
        )
    thief.submit(reset, {"password": "ba con mèo đi dạo"})
    assert thief.submit("/sign-in", {"email": lan.email, "password": "ba con mèo đi dạo"}).headers["Location"] == (
        "/sign-in/second-step"
    )
    assert thief.get("/staff").headers["Location"].startswith("/sign-in")


def test_a_second_step_that_its_owner_had_set_before_stays(browse, make_customer, alarm, count, hold):
    alice = make_customer().admin
    hold(second_step(alice, added_at=clock.now() - timedelta(days=1)))
    hold(RecoveryCode(user_id=alice.id, number=1, code_hash="h", made_at=clock.now() - timedelta(days=1)))
    link = alarm(alice)

    browse.submit(link)

    assert (count(SecondStep), count(RecoveryCode)) == (1, 1)


def test_recovery_codes_that_somebody_else_made_are_dropped_and_the_second_step_stays(
    browse, make_customer, alarm, count, hold
):
    alice = make_customer().admin
    hold(second_step(alice, added_at=clock.now() - timedelta(days=1)))
    hold(RecoveryCode(user_id=alice.id, number=1, code_hash="h"))
    link = alarm(alice, "signin/recovery-codes-renewed", about="recovery-codes")

    browse.submit(link)

    assert (count(SecondStep), count(RecoveryCode)) == (1, 0)


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("about", ["{}", "way:{}"])
def test_an_account_linked_by_somebody_else_or_that_somebody_came_by_is_unlinked(
    browse, make_customer, alarm, count, hold, provider, about
):
    alice = make_customer().admin
    other = next(p for p in Provider if p != provider)
    hold(*[linked(alice, p, linked_at=clock.now() - timedelta(days=90)) for p in Provider])
    link = alarm(alice, "signin/account-linked", about=about.format(provider.value), provider=provider)

    browse.submit(link)

    assert count(LinkedAccount, LinkedAccount.provider == provider) == 0
    assert count(LinkedAccount, LinkedAccount.provider == other) == 1


def test_a_passkey_by_which_a_strange_device_came_in_is_removed_however_old(browse, make_customer, alarm, app, hold):
    alice = make_customer().admin
    long_ago = clock.now() - timedelta(days=90)
    stolen = passkey(alice, name="Stolen", added_at=long_ago, used_at=clock.now())
    hold(stolen, passkey(alice, name="At home", credential_id=b"h", added_at=long_ago, used_at=long_ago))
    link = alarm(alice, "signin/new-device", about=f"way:{Way.PASSKEY}", way=Way.PASSKEY, ip="203.0.113.9")

    browse.submit(link)

    with app.app_context():
        assert db.session.scalars(select(Passkey.name)).all() == ["At home"]


def test_whatever_came_after_the_first_letter_goes_with_it(browse, make_customer, alarm, count, hold, fresh):
    alice = make_customer(phone="+84905123456").admin
    link = alarm(alice, "signin/new-device", about=f"way:{Way.PASSWORD}", way=Way.PASSWORD, ip="203.0.113.9")
    hold(passkey(alice), second_step(alice), linked(alice, Provider.GOOGLE))

    browse.submit(link)

    assert (count(Passkey), count(SecondStep), count(LinkedAccount)) == (0, 0, 0)
    assert fresh(alice).phone == "+84905123456"


def test_a_phone_number_that_somebody_else_entered_is_removed(browse, make_customer, alarm, fresh, app):
    alice = make_customer(phone="+84905123456", phone_verified_at=clock.now()).admin
    link = alarm(alice, "profile/phone-changed", about="phone", is_removed=False)

    browse.submit(link)

    assert (fresh(alice).phone, fresh(alice).phone_verified_at) == ("", None)
    with app.app_context():
        change = db.session.scalars(select(ProfileChange)).one()
        assert (change.field, change.before, change.after) == (PersonalField.PHONE, "+84905123456", "")
