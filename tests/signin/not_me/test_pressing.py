"""This was not me: one press in a security letter, and nobody but the owner gets in any more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts.models import LinkPurpose, MailedLink
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.profile.models import PhoneCode
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.models import Handshake, HandshakeKind
from portal.signin.providers.models import LinkedAccount, Provider
from tests.support.browse import Browse, link_in, token_of
from tests.support.guards import linked, passkey, second_step
from tests.support.people import PASSWORD

NEW = "chiếc ghe chở đầy cam"


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
    link = alarm(alice)
    hold(passkey(bob), second_step(bob), linked(bob, Provider.GOOGLE))
    his = browse_as(make_customer().admin)

    browse.submit(link)

    assert his.get("/overview").status_code == 200
    assert (count(Passkey), count(SecondStep), count(LinkedAccount)) == (1, 1, 1)
    assert fresh(bob).password_hash


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

    assert reply.headers["Location"].startswith("/reset-password/")
    assert fresh(alice).closing_since
    assert hers.get("/close-account").status_code == 303


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_blind_presses_are_stopped(browse):
    replies = [browse.post("/not-me/" + "x" * 43) for _ in range(31)]

    assert [reply.status_code for reply in replies] == [404] * 30 + [429]


def test_of_two_presses_at_once_one_acts(app, make_customer, alarm, count):
    alice = make_customer().admin
    link = alarm(alice)
    browsers = [Browse(app), Browse(app)]
    tokens = [token_of(browser.get(link)) for browser in browsers]

    with ThreadPoolExecutor() as pool:
        replies = list(
            pool.map(lambda one: one[0].post(link, {"csrf_token": one[1]}), zip(browsers, tokens, strict=True))
        )

    assert sorted(reply.status_code for reply in replies) == [303, 404]
    assert count(MailedLink, MailedLink.purpose == LinkPurpose.RESET_PASSWORD) == 1
