"""Google tells of what happened to somebody's account there (Cross-Account Protection), and the portal acts on it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portal.core import clock
from portal.core.database import db
from portal.signin.models import Handshake, SignIn, Way
from portal.signin.providers.models import Provider
from tests.support.browse import Browse
from tests.support.google import CLIENT_ID
from tests.support.google_events import ADDRESS, GOOGLE, OAUTH, RISC
from tests.support.linked import is_in
from tests.support.providers import come_from


@pytest.mark.parametrize("of", [RISC + "sessions-revoked", OAUTH + "tokens-revoked", OAUTH + "token-revoked"])
def test_what_google_opened_is_signed_out_and_nothing_else(alice, make_customer, linked, tell, of):
    by_google, by_password = linked.came_by(Way.GOOGLE, alice), linked.came_by(Way.PASSWORD, alice)
    bobs = linked.came_by(Way.GOOGLE, make_customer().admin)

    tell(of)

    assert [is_in(browser) for browser in (by_google, by_password, bobs)] == [False, True, True]
    assert linked.account(alice, GOOGLE).paused_at is None
    assert [entry.subject_id for entry in linked.acts(f"google.{of.rpartition('/')[2]}")] == [alice.id]


def test_a_hijacked_account_signs_everything_out_and_lets_nobody_in(app, alice, linked, tell):
    browsers = [linked.came_by(way, alice) for way in (Way.GOOGLE, Way.PASSWORD)]
    with app.app_context():
        db.session.add(
            Handshake(user_id=alice.id, browser_hash="h", kind="second-step", key_hash="k", expires_at=clock.now())
        )
        db.session.commit()

    tell(RISC + "account-disabled", reason="hijacking")

    assert not any(is_in(browser) for browser in browsers)
    assert linked.account(alice, GOOGLE).paused_at is not None
    assert linked.count(SignIn) == linked.count(Handshake) == 0


@pytest.mark.parametrize("event", [{}, {"reason": "bulk-account"}, {"reason": ["hijacking"]}])
def test_a_disabled_account_is_paused_and_who_is_signed_in_stays(alice, linked, tell, event):
    browser = linked.came_by(Way.GOOGLE, alice)

    tell(RISC + "account-disabled", **event)

    assert linked.account(alice, GOOGLE).paused_at is not None
    assert is_in(browser)


def test_an_enabled_account_opens_again(alice, linked, tell):
    tell(RISC + "account-disabled")

    tell(RISC + "account-enabled")

    assert linked.account(alice, GOOGLE).paused_at is None


def test_a_purged_account_is_unlinked_and_the_account_here_stays(alice, linked, tell, mailbox, work, browse):
    tell(RISC + "account-purged")
    work()

    assert linked.account(alice, GOOGLE) is None
    assert "Google" in mailbox.wait_for(alice.email, "signin/account-unlinked").text
    browse.sign_in(alice)


def test_a_required_new_password_there_is_noted_and_alarms_nobody(alice, linked, tell, mailbox, work):
    browser = linked.came_by(Way.GOOGLE, alice)
    work()
    letters = len(mailbox.letters(alice.email))

    tell(RISC + "account-credential-change-required")
    work()

    assert is_in(browser)
    assert len(linked.acts("google.credential-change-required")) == 1
    assert len(mailbox.letters(alice.email)) == letters


def test_googles_trial_is_answered_and_its_words_are_not_repeated(linked, send, google, claims, capfd):
    reply = send(google.signs(claims(events={RISC + "verification": {"state": "alice@example.com"}})))

    assert reply.status_code == 202
    assert len(linked.acts("google.verified")) == 1
    assert "alice@example.com" not in "".join(capfd.readouterr())


def test_an_unknown_kind_of_event_is_taken_and_noted(alice, linked, tell):
    tell("https://schemas.openid.net/secevent/caep/event-type/something-new")

    assert len(linked.acts("google.event-unknown")) == 1


def test_two_events_in_one_token_are_both_acted_on(alice, linked, google, claims, send):
    browser = linked.came_by(Way.GOOGLE, alice)
    subject = {"subject": {"subject_type": "iss-sub", "iss": google.address, "sub": "1001"}}

    send(google.signs(claims(events={RISC + "sessions-revoked": subject, RISC + "account-disabled": subject})))

    assert not is_in(browser)
    assert linked.account(alice, GOOGLE).paused_at is not None


@pytest.mark.parametrize(
    ("subject", "is_found"),
    [
        ({"subject_type": "id_token_claims", "sub": "1001"}, True),
        ({"subject_type": "id_token_claims", "sub": "1001", "email": "somebody@else.example"}, True),
        ({"format": "iss_sub", "sub": "1001"}, True),
        ({"subject_type": "id_token_claims", "email": "there@example.com"}, False),
        ({"subject_type": "iss-sub", "sub": "9999"}, False),
        ({"subject_type": "iss-sub", "sub": "1001", "iss": "https://accounts.example.com"}, False),
        ({"subject_type": "oauth_token", "token_type": "refresh_token", "token": "1001"}, False),
        ({"subject_type": "email", "email": "there@example.com"}, False),
        (None, False),
    ],
)
def test_people_are_found_by_their_number_alone(alice, linked, google, claims, send, subject, is_found):
    named = subject and {"iss": google.address} | subject

    reply = send(google.signs(claims(RISC + "account-disabled", {"subject": named})))

    assert (reply.status_code, reply.data) == (202, b"")
    assert (linked.account(alice, GOOGLE).paused_at is not None) == is_found


def test_an_issuer_with_a_slash_at_its_end_names_the_same_people(alice, linked, google, claims, send):
    subject = {"subject_type": "iss-sub", "iss": google.address + "/", "sub": "1001"}

    send(google.signs(claims(RISC + "account-disabled", {"subject": subject})))

    assert linked.account(alice, GOOGLE).paused_at is not None


def test_somebody_at_facebook_with_the_same_number_is_somebody_else(make_customer, linked, tell):
    bob = make_customer().admin
    linked.link(bob, Provider.FACEBOOK, "1001")
    browser = linked.came_by(Way.FACEBOOK, bob)

    tell(RISC + "account-disabled", reason="hijacking")

    assert is_in(browser)
    assert linked.account(bob, Provider.FACEBOOK).paused_at is None


def test_the_same_token_counts_once(alice, linked, google, claims, send):
    disabled = google.signs(claims(RISC + "account-disabled"))
    send(disabled)
    send(google.signs(claims(RISC + "account-enabled")))

    reply = send(disabled)

    assert reply.status_code == 202
    assert linked.account(alice, GOOGLE).paused_at is None
    assert len(linked.acts("google.events-repeated")) == 1


def test_one_token_at_four_doors_at_once_counts_once(app, alice, linked, google, claims, mailbox, work):
    token, at_once = google.signs(claims(RISC + "account-purged")), Barrier(4)

    def post(_: int) -> int:
        at_once.wait()
        return Browse(app).client.post(ADDRESS, data=token, content_type="application/secevent+jwt").status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    work()

    assert answers == [202] * 4
    assert len(linked.acts("google.events-repeated")) == 3
    assert len(mailbox.letters(alice.email)) == 1
    assert len(google.got("risc")) == len(google.got("jwks")) == 1


@pytest.mark.parametrize("kind", ["application/secevent+jwt", "text/plain", "application/jwt", ""])
def test_the_body_counts_and_not_what_it_is_called(alice, linked, google, claims, send, kind):
    assert send(google.signs(claims()), kind).status_code == 202


def test_an_event_of_last_week_counts_whatever_its_expiry(alice, google, claims, send):
    week_ago = int(clock.now().timestamp()) - 7 * 86400

    assert send(google.signs(claims(iat=week_ago, exp=week_ago + 60))).status_code == 202


def test_our_client_may_be_one_of_several(alice, google, claims, send):
    assert send(google.signs(claims(aud=["another-client", CLIENT_ID]))).status_code == 202


def test_the_call_sets_no_cookie(alice, tell):
    assert "Set-Cookie" not in tell(RISC + "sessions-revoked").headers


def test_a_paused_link_lets_nobody_in_and_an_enabled_one_does(app, alice, google, tell):
    def arrive() -> int:
        browser = Browse(app)
        come_from(browser, google, "1001", email="alice@gmail.com", email_verified=True, name="Alice")
        return browser.get("/overview").status_code

    before = arrive()
    tell(RISC + "account-disabled", reason="hijacking")
    paused = arrive()
    tell(RISC + "account-enabled")

    assert (before, paused, arrive()) == (200, 303, 200)
