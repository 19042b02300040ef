"""An account prepared by somebody else before its owner comes (Sudhodanan and Paverd, USENIX Security 2022).

The five classes of the paper, each by name, and a sixth of our own: whoever signs up with a stranger's address and
hopes that the stranger presses the button.
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import select, update

from portal.accounts.models import User
from portal.core.database import db
from portal.profile.models import PhoneCode
from portal.signin.models import SignIn, Way
from portal.signin.providers.models import LinkedAccount
from tests.support.browse import Browse, link_in, token_of
from tests.support.people import PASSWORD
from tests.support.providers import come_from, environ  # noqa: F401 (a portal that knows both)

NEW = "một mật khẩu chỉ mình tôi biết"
THEIRS = "the attacker knows this one"
VICTIM = "nan.nhan@gmail.com"
SIGN_UP = {
    "kind": "individual",
    "full_name": "Nạn Nhân",
    "email": VICTIM,
    "password": THEIRS,
    "age_confirmed": "y",
    "accept_policy": "y",
}
CONTINUE = {name: SIGN_UP[name] for name in ("kind", "full_name", "age_confirmed", "accept_policy")}


@pytest.fixture
def attacker(app):
    """The attacker's browser."""
    return Browse(app)


@pytest.fixture
def victim(app):
    """The victim's browser."""
    return Browse(app)


@pytest.fixture
def open_letter(mailbox, work):
    """The link of the newest letter of this name."""

    def opened(address, name, path):
        work()
        return link_in(mailbox.wait_for(address, name).text, path)

    return opened


@pytest.fixture
def reset(victim, open_letter):
    """The owner of the mailbox sets a new password by a mailed link."""

    def done(address):
        victim.submit("/forgot-password", {"email": address})
        reply = victim.submit(open_letter(address, "signin/reset-password", "/reset-password/"), {"password": NEW})
        assert reply.status_code == 303

    return done


@contextmanager
def cookies_left_at_home(browser):
    """What another site's form posts: SameSite=Lax keeps the cookies, and answers may still set some."""
    kept = dict(browser.client._cookies)
    browser.client._cookies.clear()
    yield
    browser.client._cookies = kept | browser.client._cookies


def gets_in(browser, email, password):
    reply = browser.submit("/sign-in", {"email": email, "password": password})
    return reply.status_code == 303 and browser.get("/overview").status_code == 200


def linked(app):
    with app.app_context():
        return [row.subject for row in db.session.scalars(select(LinkedAccount))]


def test_classic_federated_merge(app, attacker, victim, google, open_letter):
    attacker.submit("/sign-up", SIGN_UP)
    prepared = open_letter(VICTIM, "joining/verify", "/verify-email/")
    come_from(victim, google, "1001", email=VICTIM, email_verified=True, name="Nạn Nhân")

    reply = victim.submit("/sign-up/continue", CONTINUE)

    assert reply.headers["Location"] == "/overview"
    assert victim.get("/overview").status_code == 200
    assert not gets_in(attacker, VICTIM, THEIRS)
    assert [browser.get(prepared).status_code for browser in (attacker, victim)] == [404, 404]


def test_classic_federated_merge_the_other_way_round(app, attacker, victim, google, make_customer):
    owner = make_customer(email=VICTIM).admin
    come_from(attacker, google, "6666", email=VICTIM, email_verified=True, hd="attacker.example")

    attacker.submit("/sign-up/continue", CONTINUE)

    assert linked(app) == []
    assert attacker.get("/overview").status_code == 303
    assert gets_in(victim, owner.email, PASSWORD)


@pytest.mark.parametrize("way", [Way.PASSWORD, Way.GOOGLE, Way.PASSKEY])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_unexpired_session(app, browse_as, make_customer, reset, way):
    owner = make_customer(email=VICTIM).admin
    kept_alive = browse_as(owner)
    with app.app_context():
        db.session.execute(update(SignIn).values(way=way))
        db.session.commit()
    assert kept_alive.get("/overview").status_code == 200

    reset(VICTIM)

    assert kept_alive.get("/overview").status_code == 303


def test_trojan_identifier(app, attacker, victim, facebook, open_letter):
    come_from(attacker, facebook, "6666", name="Kẻ Gian")
    attacker.submit("/sign-up/continue", CONTINUE | {"email": VICTIM})

    victim.submit(open_letter(VICTIM, "joining/verify", "/verify-email/"), {"password": NEW})

    assert linked(app) == []
    assert come_from(attacker, facebook, "6666").headers["Location"] == "/sign-up/continue"
    assert attacker.get("/overview").status_code == 303
    assert gets_in(victim, VICTIM, NEW)


def test_trojan_identifier_brought_to_an_account_that_is_there(app, attacker, facebook, make_customer):
    owner = make_customer(email=VICTIM).admin
    come_from(attacker, facebook, "6666", name="Kẻ Gian")
    attacker.submit("/sign-up/continue", CONTINUE | {"email": owner.email})

    assert linked(app) == []
    assert come_from(attacker, facebook, "6666").headers["Location"] == "/sign-up/continue"


def test_trojan_identifier_a_phone_that_waits_for_its_code(app, browse_as, make_customer, reset):
    thief = browse_as(make_customer(email=VICTIM).admin)
    thief.submit("/profile/phone", {"phone": "0905 123 456"})

    reset(VICTIM)

    with app.app_context():
        assert db.session.scalar(select(PhoneCode)) is None
        assert db.session.scalar(select(User.phone)) == ""


def test_trojan_identifier_what_stands_is_listed_when_the_password_changes(
    browse_as, make_customer, google, reset, mailbox, work
):
    owner = browse_as(make_customer(email=VICTIM).admin)
    come_from(owner, google, "6666", start="/security/linked/google/link", email="ke.gian@gmail.com")
    owner.submit("/security/linked/confirm")

    reset(VICTIM)

    work()
    assert "Google" in mailbox.wait_for(VICTIM, "signin/password-changed").text


def test_unexpired_email_change(app, browse_as, make_customer, reset, open_letter):
    thief = browse_as(make_customer(email=VICTIM).admin)
    thief.submit("/profile/email", {"email": "ke.gian@example.com"})
    waiting = open_letter("ke.gian@example.com", "profile/verify-new-email", "/profile/email/")

    reset(VICTIM)

    assert thief.get(waiting).status_code == 404
    with app.app_context():
        assert db.session.scalar(select(User.email)) == VICTIM


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": True, "email": "nan.nhan@example.com"},  # Google does not speak for that domain
        {"email_verified": None},
    ],
    ids=["not verified", "not Google's to verify", "nothing said"],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_non_verifying_identity_provider(app, attacker, google, make_customer, claims):
    address = claims.get("email", VICTIM)
    make_customer(email=address)

    come_from(attacker, google, "6666", **({"email": address} | claims))
    page = attacker.get("/sign-up/continue").get_data(as_text=True)
    reply = attacker.submit("/sign-up/continue", CONTINUE | {"email": address})

    assert "An account with this address exists" not in page
    assert reply.headers["Location"] == "/sign-up/sent"
    assert linked(app) == []
    assert attacker.get("/overview").status_code == 303


def test_non_verifying_identity_provider_without_an_account_yet(app, attacker, victim, facebook, open_letter):
    come_from(attacker, facebook, "6666", email=VICTIM, name="Kẻ Gian")

    reply = attacker.submit("/sign-up/continue", CONTINUE | {"email": VICTIM})

    assert reply.headers["Location"] == "/sign-up/sent"
    assert attacker.get("/overview").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(User)) is None


def test_the_stranger_presses_the_button(app, attacker, victim, open_letter):
    attacker.submit("/sign-up", SIGN_UP)
    link = open_letter(VICTIM, "joining/verify", "/verify-email/")

    page = victim.get(link).get_data(as_text=True)
    pressed = victim.submit(link)
    chosen = victim.submit(link, {"password": NEW})

    assert 'name="password"' in page
    assert pressed.status_code == 422
    assert chosen.status_code == 303
    assert not gets_in(attacker, VICTIM, THEIRS)
    assert gets_in(victim, VICTIM, NEW)


def test_a_page_of_the_attacker_signs_the_victim_up_from_their_own_browser(attacker, victim, open_letter):
    token = token_of(attacker.get("/sign-up"))
    before = victim.get("/sign-up").headers.getlist("Set-Cookie")
    with cookies_left_at_home(victim):
        forged = victim.post("/sign-up", SIGN_UP | {"csrf_token": token})
    link = open_letter(VICTIM, "joining/verify", "/verify-email/")

    page = victim.get(link).get_data(as_text=True)
    pressed = victim.submit(link)
    chosen = victim.submit(link, {"password": NEW})

    assert before != []
    assert (forged.status_code, forged.headers.getlist("Set-Cookie")) == (303, [])
    assert 'name="password"' in page
    assert (pressed.status_code, chosen.status_code) == (422, 303)
    assert not gets_in(attacker, VICTIM, THEIRS)
    assert gets_in(victim, VICTIM, NEW)


def test_the_stranger_presses_the_button_that_would_link(app, attacker, victim, facebook, make_customer, open_letter):
    owner = make_customer(email=VICTIM).admin
    come_from(attacker, facebook, "6666", name="Nạn Nhân")
    attacker.submit("/sign-up/continue", CONTINUE | {"email": owner.email})
    link = open_letter(VICTIM, "signin/address-known", "/link-account/")

    page = victim.get(link).get_data(as_text=True)
    victim.submit(link)

    assert "begun in another browser" in page
    assert linked(app) == []
    assert come_from(attacker, facebook, "6666").headers["Location"] == "/sign-up/continue"
