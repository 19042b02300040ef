"""This was not me: one press in a security letter, and nobody but the owner gets in any more."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.accounts.service import email_key
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.profile.models import PersonalField, PhoneCode, ProfileChange
from portal.signin import alarms
from portal.signin.factors.models import Passkey, RecoveryCode, SecondStep
from portal.signin.models import Handshake, HandshakeKind, SignIn, Way
from portal.signin.providers.models import LinkedAccount, Provider
from tests.support.browse import Browse, link_in, token_of
from tests.support.people import PASSWORD

NEW = "chiếc ghe chở đầy cam"
OTHER = "mallory@example.com"


@pytest.fixture
def alarm(app, mailbox, work):
    """A security letter about something: the path of its link."""

    def tell(user, letter="signin/password-changed", *, about="password", to=None, **facts):
        with app.app_context(), app.test_request_context(headers={"User-Agent": "curl/8"}):
            known = {"linked": [], "passkeys": 0} | facts
            alarms.tell(db.session.get_one(User, user.id), letter, about=about, address=to, facts=known)
            db.session.commit()
        work()
        return link_in(mailbox.letters(to or user.email, letter)[-1].text, "/not-me/")

    return tell


@pytest.fixture
def hold(app):
    """Rows as the rooms would have written them."""

    def add(*rows):
        with app.app_context():
            db.session.add_all(rows)
            db.session.commit()

    return add


@pytest.fixture
def count(app):
    """How many rows of a kind there are."""

    def counted(model, *where):
        with app.app_context():
            return len(db.session.scalars(select(model).where(*where)).all())

    return counted


@pytest.fixture
def fresh(app):
    """A person as the database has them now."""

    def read(user):
        with app.app_context():
            return db.session.get_one(User, user.id)

    return read


def passkey(user, **columns):
    known = {"credential_id": str(columns.get("id", "")).encode() + b"-id", "public_key": b"-key", "name": "Key"}
    return Passkey(**{"user_id": user.id, **known, **columns})


def second_step(user, **columns):
    return SecondStep(user_id=user.id, sealed_secret="sealed", **columns)


def linked(user, provider, **columns):
    return LinkedAccount(user_id=user.id, provider=provider, issuer=provider.value, subject="1", **columns)


def test_one_press_signs_everyone_out_drops_the_password_and_leads_to_a_new_one(
    app, browse, browse_as, make_customer, mailbox, work, alarm, fresh
):
    alice = make_customer().admin
    here, there = browse_as(alice), browse_as(alice)
    link = alarm(alice)

    reply = browse.submit(link)

    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/reset-password/")
    assert [b.get("/overview").status_code for b in (here, there)] == [303, 303]
    assert fresh(alice).password_hash is None
    assert browse.submit("/sign-in", {"email": alice.email, "password": PASSWORD}).status_code == 422
    work()
    assert mailbox.wait_for(alice.email, "signin/signed-out-everywhere")
    browse.submit(reply.headers["Location"], {"password": NEW})
    browse.sign_in(alice, NEW)


def test_it_works_with_every_cookie_refused(app, make_customer, alarm):
    link = alarm(make_customer().admin)
    browse = Browse(app, cookies=False)

    reply = browse.submit(link)

    assert reply.headers["Location"].startswith("/reset-password/")


def test_looking_changes_nothing_since_mail_scanners_open_links(browse, browse_as, make_customer, alarm, fresh):
    alice = make_customer().admin
    hers = browse_as(alice)
    link = alarm(alice)

    pages = [browse.get(link), browse.client.head(link), browse.get(link)]

    assert [page.status_code for page in pages] == [200] * 3
    assert "The password was changed." in pages[0].get_data(as_text=True)
    assert "curl 8" in pages[0].get_data(as_text=True)
    assert hers.get("/overview").status_code == 200
    assert fresh(alice).password_hash


def test_the_link_works_once(browse, make_customer, alarm, fresh):
    alice = make_customer().admin
    link = alarm(alice)
    token = token_of(browse.get(link))
    to_reset = browse.submit(link).headers["Location"]
    browse.submit(to_reset, {"password": NEW})

    again = browse.post(link, {"csrf_token": token})

    assert (again.status_code, browse.get(link).status_code) == (404, 404)
    assert "older than seven days" in again.get_data(as_text=True)
    assert fresh(alice).password_hash


def test_the_link_works_for_seven_days(browse, make_customer, alarm, move_clock):
    link = alarm(make_customer().admin)

    move_clock(days=7, seconds=-30)
    at_last = browse.get(link)
    move_clock(days=7, seconds=5)

    assert at_last.status_code == 200
    assert browse.get(link).status_code == 404
    assert browse.post(link).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", ["x", "%00", "%ff%fe", "x" * 3000, "<script>", "0" * 43])
def test_a_forged_link_is_a_clean_404(browse, token):
    reply = browse.get(f"/not-me/{token}")

    assert reply.status_code == 404
    assert browse.post(f"/not-me/{token}").status_code == 404


def test_the_link_needs_the_button_of_its_page(browse, make_customer, alarm, fresh):
    alice = make_customer().admin
    link = alarm(alice)

    reply = browse.post(link, {"csrf_token": "forged"})

    assert reply.status_code == 422
    assert fresh(alice).password_hash


def test_no_link_of_another_purpose_says_not_me(app, browse, make_customer, mailbox, work):
    alice = make_customer().admin
    browse.submit("/forgot-password", {"email": alice.email})
    work()
    token = link_in(mailbox.wait_for(alice.email).text, "/reset-password/").rpartition("/")[2]

    assert browse.get(f"/not-me/{token}").status_code == 404


def test_what_was_begun_is_dropped(app, browse, make_customer, mailbox, work, alarm, count, hold):
    alice = make_customer().admin
    link = alarm(alice)
    soon = clock.now() + timedelta(minutes=9)
    hold(
        PhoneCode(user_id=alice.id, phone="+84905123456", code_hash="x", expires_at=soon),
        Handshake(
            user_id=alice.id, browser_hash="b", kind=HandshakeKind.SECOND_STEP, key_hash="k", data={}, expires_at=soon
        ),
        *[
            MailedLink(user_id=alice.id, purpose=purpose, secret_hash=purpose, mailed_to=alice.email, expires_at=soon)
            for purpose in (LinkPurpose.NEW_EMAIL, LinkPurpose.RESET_PASSWORD, LinkPurpose.LINK_ACCOUNT)
        ],
    )

    browse.submit(link)

    assert (count(PhoneCode), count(Handshake)) == (0, 0)
    assert count(MailedLink, MailedLink.purpose.in_([LinkPurpose.NEW_EMAIL, LinkPurpose.LINK_ACCOUNT])) == 0
    assert count(MailedLink, MailedLink.purpose == LinkPurpose.RESET_PASSWORD) == 1  # the fresh one
    assert count(MailedLink, MailedLink.secret_hash == LinkPurpose.RESET_PASSWORD) == 0


def test_nobody_else_is_touched(browse, browse_as, make_customer, alarm, count, hold, fresh):
    alice, bob = make_customer().admin, make_customer().admin
    hold(passkey(bob), second_step(bob), linked(bob, Provider.GOOGLE))
    his = browse_as(make_customer().admin)
    link = alarm(alice)

    browse.submit(link)

    assert his.get("/overview").status_code == 200
    assert (count(Passkey), count(SecondStep), count(LinkedAccount)) == (1, 1, 1)
    assert fresh(bob).password_hash


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


def test_it_is_on_record_without_personal_data(app, browse, make_customer, alarm):
    alice = make_customer().admin

    browse.submit(alarm(alice))

    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "account.recovered")).one()
        assert (entry.subject_id, entry.customer_id) == (alice.id, alice.customer_id)


def test_it_works_while_the_account_closes(browse, browse_as, make_customer, alarm, fresh):
    alice = make_customer(closing_since=clock.now()).admin
    hers = browse_as(alice)

    reply = hers.submit(alarm(alice))

    assert reply.status_code == 303
    assert fresh(alice).closing_since
    assert hers.get("/close-account").status_code == 303


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_blind_presses_are_stopped(browse):
    replies = [browse.post("/not-me/" + "x" * 43) for _ in range(31)]

    assert [reply.status_code for reply in replies] == [404] * 30 + [429]
