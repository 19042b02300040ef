"""What Google did not say: forged, foreign and late event tokens, keys that change, and keys that cannot be had."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from portal.core import clock
from portal.signin.models import Way
from portal.signin.providers.models import ProviderEvent
from tests.support.browse import Browse
from tests.support.google import CLIENT_ID, Google
from tests.support.google_events import ADDRESS, RISC
from tests.support.linked import is_in
from tests.support.portals import portal

STRANGER = RSAKey.generate_key(2048)


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


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_google_has_no_page_for_events_the_one_for_signing_in_names_issuer_and_keys(
    alice, linked, google, claims, send
):
    browser = linked.came_by(Way.GOOGLE, alice)
    google.misbehaves("risc", "missing")

    forged = send(google.signs(claims(), key=STRANGER))
    reply = send(google.signs(claims()))

    assert (forged.status_code, reply.status_code) == (400, 202)
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
