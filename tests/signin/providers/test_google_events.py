"""Google tells of what happened to somebody's account there (Cross-Account Protection), and the portal acts on it."""

import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from portal.core import clock
from portal.core.database import db
from portal.signin.models import Handshake, SignIn, Way
from portal.signin.providers.models import Provider, ProviderEvent
from tests.support.browse import Browse
from tests.support.google import CLIENT_ID, Google
from tests.support.linked import Linked, is_in
from tests.support.portals import portal
from tests.support.providers import come_from

ADDRESS = "/google/events"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
GOOGLE = Provider.GOOGLE
STRANGER = RSAKey.generate_key(2048)


@pytest.fixture
def linked(app):
    return Linked(app)


@pytest.fixture
def alice(make_customer, linked, google):
    """She links the account 1001 at Google, and has a password too."""
    user = make_customer().admin
    linked.link(user, GOOGLE, "1001", issuer=google.address)
    return user


@pytest.fixture
def claims(google):
    """What a token says: one event about the account 1001, `of` a kind, with whatever `changes`."""
    count = iter(range(1000))

    def made(of: str = RISC + "sessions-revoked", event: dict[str, Any] | None = None, **changes: Any):
        subject = {"subject_type": "iss-sub", "iss": google.address, "sub": "1001"}
        said = {
            "iss": google.address,
            "aud": CLIENT_ID,
            "iat": int(clock.now().timestamp()),
            "jti": f"event-{next(count)}",
            "events": {of: {"subject": subject} | (event or {})},
        } | changes
        return {name: value for name, value in said.items() if value is not None}

    return made


@pytest.fixture
def send(browse):
    """Google's call: the token is the body, and no cookie goes with it."""

    def post(token: str | bytes, kind: str = "application/secevent+jwt"):
        return browse.client.post(ADDRESS, data=token, content_type=kind)

    return post


@pytest.fixture
def tell(google, claims, send):
    """Google tells of one event."""

    def told(of: str, **event: Any):
        reply = send(google.signs(claims(of, event)))
        assert (reply.status_code, reply.data) == (202, b"")
        return reply

    return told


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


def refused(reply: Any, err: str) -> bool:
    return reply.status_code == 400 and set(reply.json) == {"err", "description"} and reply.json["err"] == err


@pytest.mark.parametrize(
    ("err", "changes"),
    [
        ("invalid_issuer", {"iss": "https://accounts.example.com"}),
        ("invalid_issuer", {"iss": None}),
        ("invalid_issuer", {"iss": ["x"]}),
        ("invalid_audience", {"aud": "another-client"}),
        ("invalid_audience", {"aud": None}),
        ("invalid_audience", {"aud": []}),
        ("invalid_audience", {"aud": {CLIENT_ID: 1}}),
        ("invalid_audience", {"aud": [[CLIENT_ID]]}),
        ("invalid_request", {"jti": None}),
        ("invalid_request", {"jti": ""}),
        ("invalid_request", {"jti": 7}),
        ("invalid_request", {"jti": "x" * 501}),
        ("invalid_request", {"iat": None}),
        ("invalid_request", {"iat": "now"}),
        ("invalid_request", {"iat": True}),
        ("invalid_request", {"iat": 1}),
        ("invalid_request", {"iat": 1e18}),
        ("invalid_request", {"iat": float("nan")}),
        ("invalid_request", {"events": None}),
        ("invalid_request", {"events": {}}),
        ("invalid_request", {"events": []}),
        ("invalid_request", {"events": "sessions-revoked"}),
        ("invalid_request", {"events": {RISC + "sessions-revoked": "alice"}}),
        ("invalid_request", {"events": {RISC + "sessions-revoked": [1]}}),
        ("invalid_request", {"events": {RISC + "sessions-revoked": {"subject": "1001"}}}),
        ("invalid_request", {"events": {RISC + "sessions-revoked": {"subject": {"subject_type": "iss-sub"}}}}),
        (
            "invalid_request",
            {"events": {RISC + "sessions-revoked": {"subject": {"subject_type": "iss-sub", "iss": "x", "sub": 1}}}},
        ),
    ],
)
def test_what_google_did_not_say_to_us_changes_nothing(alice, linked, google, claims, send, err, changes):
    browser = linked.came_by(Way.GOOGLE, alice)

    reply = send(google.signs(claims(**changes)))

    assert refused(reply, err), reply.data
    assert reply.headers["Content-Language"] == "en"
    assert is_in(browser)
    assert linked.count(ProviderEvent) == 0
    assert len(linked.acts("google.event-refused")) == 1


@pytest.mark.parametrize(
    ("err", "forge"),
    [
        ("authentication_failed", lambda google, said: google.signs(said, key=STRANGER)),
        ("authentication_failed", lambda google, said: google.signs(said)[:-8] + "AAAAAAAA"),
        ("authentication_failed", lambda google, said: google.signs(said).rpartition(".")[0] + "."),
        ("invalid_key", lambda google, said: google.signs(said, header={"kid": "another"}, key=STRANGER)),
        ("invalid_key", lambda google, said: google.signs(said, header={"alg": "RS384"})),
        ("invalid_key", lambda google, said: google.signs(said, header={"alg": "PS256"})),
        ("invalid_key", lambda google, said: by_public_key(google, said)),
        ("invalid_key", lambda google, said: unsigned({"alg": "none", "kid": google.key.thumbprint()}, said)),
        ("invalid_key", lambda google, said: unsigned({"alg": "RS256"}, said)),
        ("invalid_key", lambda google, said: unsigned({"alg": "RS256", "kid": 7}, said)),
        ("invalid_key", lambda google, said: unsigned({"alg": ["RS256"], "kid": "k"}, said)),
        ("invalid_key", lambda google, said: unsigned(["alg", "kid"], said)),
        ("invalid_request", lambda google, said: unsigned(["alg", "b64"], said)),
        ("invalid_request", lambda google, said: unsigned({"kid": "k"}, said)),
        ("invalid_request", lambda google, said: google.signs(said, header={"typ": "at+jwt"})),
        (
            "authentication_failed",
            lambda google, said: unsigned({"alg": "RS256", "kid": google.key.thumbprint(), "crit": ["exp"]}, said),
        ),
        ("invalid_request", lambda google, said: ""),
        ("invalid_request", lambda google, said: "a.b.c"),
        ("invalid_request", lambda google, said: "...."),
        ("invalid_request", lambda google, said: b"\xff\xfe\x00" * 10),
        ("invalid_request", lambda google, said: json.dumps(said)),
        ("invalid_request", lambda google, said: google.signs(said) + "." + "x"),
        ("invalid_request", lambda google, said: "x" * 70_000),
        ("invalid_request", lambda google, said: "x" * 1_900_000),
        ("invalid_request", lambda google, said: "x" * 2_100_000),
    ],
)
def test_a_forged_token_changes_nothing(alice, linked, google, claims, send, err, forge):
    browser = linked.came_by(Way.GOOGLE, alice)

    reply = send(forge(google, claims()))

    assert refused(reply, err), reply.data
    assert is_in(browser)
    assert linked.count(ProviderEvent) == 0
    assert len(linked.acts("google.event-refused")) == 1


def unsigned(header: Any, said: dict[str, Any]) -> str:
    encoded = [jws_part(header), jws_part(said)]
    return ".".join([*encoded, ""])


def by_public_key(google: Google, said: dict[str, Any]) -> str:
    """HS256 with Google's public key taken for a shared secret; no library would make one."""
    first = unsigned({"alg": "HS256", "kid": google.key.thumbprint()}, said).rstrip(".")
    mac = hmac.digest(google.key.as_pem(private=False), first.encode(), "sha256")
    return f"{first}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def jws_part(said: Any) -> str:
    raw = json.dumps(said).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_an_id_token_is_no_event_though_the_same_key_signs_it(alice, linked, google, claims, send):
    id_token = claims(events=None, sub="1001", exp=int(clock.now().timestamp()) + 3600, nonce="n")

    assert refused(send(google.signs(id_token)), "invalid_request")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["down", "html", "error", "redirect", "huge", "list", "empty"])
@pytest.mark.parametrize("place", ["risc", "jwks"])
def test_while_googles_keys_cannot_be_had_it_is_asked_to_come_again(
    alice, linked, google, claims, send, move_clock, place, way
):
    browser, token = linked.came_by(Way.GOOGLE, alice), google.signs(claims())
    google.misbehaves(place, way)

    reply = send(token)
    google.misbehaves(place, "")
    move_clock(seconds=70)
    later = send(token)

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "60")
    assert later.status_code == 202
    assert not is_in(browser)


def test_a_key_that_is_new_at_google_is_looked_up(alice, linked, google, claims, send, move_clock):
    send(google.signs(claims()))
    google.changes_keys()
    move_clock(seconds=70)

    reply = send(google.signs(claims()))

    assert reply.status_code == 202
    assert len(google.got("jwks")) == 2


def test_a_key_that_google_took_back_is_not_believed_after_an_hour(alice, google, claims, send, move_clock):
    old = google.key
    send(google.signs(claims()))
    google.changes_keys()
    move_clock(hours=1.1)

    reply = send(google.signs(claims(), header={"kid": old.thumbprint()}, key=old))

    assert refused(reply, "invalid_key")


def test_a_stranger_cannot_make_the_portal_hammer_google(google, claims, send):
    replies = [send(google.signs(claims(), header={"kid": f"k{n}"}, key=STRANGER)) for n in range(20)]

    assert all(refused(reply, "invalid_key") for reply in replies)
    assert len(google.got("jwks")) == 1


def test_what_is_no_token_costs_google_no_call(google, send):
    for body in ("x", "a.b.c", ""):
        send(body)

    assert google.got("risc") == []


def test_without_keys_of_its_own_the_portal_believes_nobody(environ, google, claims):
    own = {name: value for name, value in environ.items() if not name.startswith("PORTAL_GOOGLE")}

    with portal(own) as app:
        replies = [
            Browse(app).client.post(ADDRESS, data=google.signs(claims(aud=aud))) for aud in ("", "demo", CLIENT_ID)
        ]

    assert all(refused(reply, "invalid_audience") for reply in replies)
    assert google.got("risc") == []


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
