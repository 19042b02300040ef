"""Unlinking ends what the provider opened, and never takes the last way in."""

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.signin.factors.models import Passkey
from portal.signin.providers.models import LinkedAccount
from tests.signin.providers.conftest import BINH, CONFIRM, ON_SQLITE, UNLINK, text_of
from tests.support.browse import Browse
from tests.support.providers import come_from


def test_unlinking_ends_what_google_opened_but_for_this_browser_and_tells(
    app, binh, browser, google, link, rows, mailbox, work
):
    link(browser)
    by_google, here = Browse(app), Browse(app)
    for one in (by_google, here):
        come_from(one, google, "1001")

    reply = here.submit(UNLINK)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    assert rows(LinkedAccount) == []
    assert [one.get("/overview").status_code for one in (by_google, here, browser)] == [303, 200, 200]
    work()
    assert mailbox.wait_for(binh.email, "signin/account-unlinked")
    assert "account.unlinked" in [entry.act for entry in rows(AuditEntry)]
    assert come_from(Browse(app), google, "1001", **BINH).headers["Location"] == "/sign-up/continue"


def test_the_last_way_in_stays(browser, link, rows, set_columns, mailbox, work):
    link(browser)
    set_columns(User, password_hash=None)

    shown = browser.get(UNLINK)
    reply = browser.submit(UNLINK, page="/security/linked")

    assert "your only way in" in text_of(shown)
    assert reply.status_code == 422
    assert "/security/passkeys" in text_of(reply)
    assert "/forgot-password" in text_of(reply)
    assert len(rows(LinkedAccount)) == 1
    work()
    assert "signin/account-unlinked" not in [letter.name for letter in mailbox.letters("binh@example.com")]


@ON_SQLITE
def test_a_passkey_is_another_way_in(app, binh, browser, link, rows, set_columns):
    link(browser)
    set_columns(User, password_hash=None)
    with app.app_context():
        db.session.add(Passkey(user_id=binh.id, credential_id=b"1", public_key=b"2", name="Điện thoại"))
        db.session.commit()

    assert browser.submit(UNLINK).status_code == 303
    assert rows(LinkedAccount) == []


@ON_SQLITE
def test_a_paused_link_is_no_other_way_in(browser, google, facebook, link, rows, set_columns):
    link(browser)
    set_columns(LinkedAccount, paused_at=clock.now())
    come_from(browser, facebook, "77", start="/security/linked/facebook/link", name="Bình")
    browser.submit(CONFIRM)
    set_columns(User, password_hash=None)

    reply = browser.submit("/security/linked/facebook/unlink", page="/security/linked")

    assert reply.status_code == 422
    assert len(rows(LinkedAccount)) == 2


@ON_SQLITE
def test_unlinking_what_is_not_linked_says_so(browser):
    reply = browser.submit(UNLINK, page="/security/linked")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    assert "No Google account is linked" in text_of(browser.get("/security/linked"))
