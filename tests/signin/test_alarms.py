"""Security letters, as people read them: what happened, when, with which browser, and the way back."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.core import clock
from portal.core.database import db
from portal.mailer.post import write
from portal.signin import alarms, emails
from portal.signin.models import Way
from portal.signin.providers import emails as linking
from portal.signin.providers.models import LinkedAccount, Provider
from tests.support.browse import Browse, link_in
from tests.support.golden import assert_golden

LETTERS = Path(__file__).parent / "letters"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
ALARMS = {
    "signin/new-device": (f"way:{Way.GOOGLE}", {"way": Way.GOOGLE, "ip": "203.0.113.9"}),
    "signin/passkey-added": ("passkey:0", {"name": "iPhone của Bích"}),
    "signin/passkey-removed": ("passkey:0", {"name": "iPhone của Bích"}),
    "signin/two-step-on": ("second-step", {}),
    "signin/two-step-off": ("second-step", {}),
    "signin/recovery-codes-renewed": ("recovery-codes", {}),
    "signin/recovery-code-used": ("recovery-codes", {"left": 3}),
    "signin/account-linked": ("google", {"provider": Provider.GOOGLE}),
    "signin/account-unlinked": ("facebook", {"provider": Provider.FACEBOOK}),
    "signin/password-changed": ("password", {"linked": [Provider.GOOGLE], "passkeys": 2}),
    "profile/email-will-change": ("email", {}),
    "profile/email-changed": ("email", {}),
    "profile/phone-changed": ("phone", {"is_removed": False}),
}
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def bich(make_customer):
    """Somebody with a name that has marks on its letters, by language."""

    def made(locale):
        return make_customer(email="bich@example.com", full_name="Trần Thị Bích", locale=locale).admin

    return made


@pytest.fixture
def asking(app):
    """A request from Firefox, in which the letters are written."""
    with app.test_request_context(headers={"User-Agent": FIREFOX}):
        yield


def name_of(letter: str, locale: str) -> Path:
    known = {"signin/password-changed": "password-changed-others"}
    return LETTERS / f"{known.get(letter, letter.partition('/')[2])}.{locale}.txt"


@SQLITE
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_what_guards_an_account_is_told_of_in_plain_words_with_the_way_back(bich, asking, mailbox, work, locale):
    user = bich(locale)
    for letter, (about, facts) in ALARMS.items():
        alarms.tell(user, letter, about=about, facts=facts)
    db.session.commit()

    work()

    for letter in ALARMS:
        came = mailbox.wait_for(user.email, letter)
        assert_golden(came, name_of(letter, locale))
        assert link_in(came.text, "/not-me/") in came.html


@SQLITE
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_other_letters_about_getting_in_read_well(bich, asking, mailbox, work, locale):
    user, soon = bich(locale), clock.now() + timedelta(hours=1)
    linking.link_account(user, Provider.GOOGLE, "x" * 43, soon)
    linking.address_known(user, Provider.FACEBOOK, "x" * 43, soon)
    write("signin/proof-code", emails.to(user), {"full_name": user.full_name, "code": "123456", "minutes": 10})
    emails.signed_out_everywhere(user, ["Google no longer opens your account."])
    emails.address_put_back(user, "other@example.com")
    db.session.commit()

    work()

    for name in ("link-account", "address-known", "proof-code", "signed-out-everywhere"):
        assert_golden(mailbox.wait_for(user.email, f"signin/{name}"), LETTERS / f"{name}.{locale}.txt")
    strange = mailbox.wait_for("other@example.com", "signin/address-put-back")
    assert_golden(strange, LETTERS / f"address-put-back.{locale}.txt")
    assert "Bích" not in strange.text
    assert user.email not in strange.content.decode()


def test_a_letter_carries_a_link_of_its_own_that_knows_what_it_is_about(bich, asking):
    user = bich("en")

    alarms.tell(user, "signin/two-step-on", about="second-step")
    alarms.tell(user, "signin/two-step-off", about="second-step")
    db.session.commit()

    rows = db.session.scalars(select(MailedLink).order_by(MailedLink.id)).all()
    assert [(row.purpose, row.about, row.browser) for row in rows] == [
        (LinkPurpose.NOT_ME, "second-step", "Firefox 130 · Windows 10")
    ] * 2
    assert {row.mailed_to for row in rows} == {user.email}
    assert all(0 <= (row.expires_at - clock.now()).total_seconds() - 7 * 86400 + 60 < 61 for row in rows)


def test_what_happens_without_a_browser_names_none(app, bich, mailbox, work):
    user = bich("en")

    with app.app_context():
        alarms.tell(db.session.get_one(User, user.id), "signin/two-step-off", about="second-step")
        db.session.commit()
    work()

    assert "Device" not in mailbox.wait_for(user.email).text


def test_a_new_password_names_what_else_opens_the_account(app, browse_as, make_customer, mailbox, work):
    alice = make_customer().admin
    hers = browse_as(alice)
    with app.app_context():
        db.session.add(LinkedAccount(user_id=alice.id, provider=Provider.GOOGLE, issuer="google", subject="1"))
        db.session.commit()

    hers.submit("/security/password", {"current_password": "ba con mèo đi dạo", "password": "chiếc ghe chở cam"})
    work()

    text = mailbox.wait_for(alice.email, "signin/password-changed").text
    assert "- Google" in text
    assert "passkey" not in text


@pytest.mark.parametrize(
    ("path", "fields", "letter"),
    [
        ("/profile/email", {"email": "alice.new@example.com"}, "profile/email-will-change"),
        ("/profile/phone", {"phone": ""}, "profile/phone-changed"),
        (
            "/security/password",
            {"current_password": "ba con mèo đi dạo", "password": "chiếc ghe chở cam"},
            "signin/password-changed",
        ),
    ],
)
def test_every_change_can_be_answered_by_this_was_not_me(
    app, browse_as, make_customer, mailbox, work, path, fields, letter
):
    alice = make_customer(phone="+84905123456").admin
    browse_as(alice).submit(path, fields)
    work()

    link = link_in(mailbox.wait_for(alice.email, letter).text, "/not-me/")

    assert Browse(app).get(link).status_code == 200


@SQLITE
def test_a_forged_host_never_gets_into_the_link(app, bich, mailbox, work):
    user = bich("en")

    with app.test_request_context(headers={"Host": "evil.example"}):
        alarms.tell(user, "signin/two-step-on", about="second-step")
        db.session.commit()
    work()

    letter = mailbox.wait_for(user.email)
    assert b"evil" not in letter.content
    assert "http://localhost:8000/not-me/" in letter.text
