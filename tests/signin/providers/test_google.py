"""What Google says of a person is believed when all of it holds: signature, issuer, audience, times, nonce, PKCE."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey
from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.signin.providers.google import may_call_itself
from portal.signin.providers.models import Newcomer
from tests.signin.providers.conftest import ON_SQLITE
from tests.support.browse import Browse
from tests.support.google import CLIENT_ID, CLIENT_SECRET
from tests.support.providers import acts, come_back, come_from, go_to, is_signed_in, link

CALLBACK = "http://localhost:8000/sign-in/google/callback"


def asked_for(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def newcomers(app) -> list[Newcomer]:
    with app.app_context():
        return list(db.session.scalars(select(Newcomer)))


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_google_is_asked_for_as_little_as_signing_in_takes(browse, google):
    location = go_to(browse, "google")

    asked = asked_for(location)
    assert location.startswith(google.address + "/oauth2/authorize?")
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == CALLBACK
    assert (asked["response_type"], asked["scope"]) == ("code", "openid email profile")
    assert asked["code_challenge_method"] == "S256"
    assert set(asked) == {
        *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }


def test_no_two_starts_are_alike(browse, google):
    first, second = (asked_for(go_to(browse, "google")) for _start in range(2))

    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43


def test_the_code_is_exchanged_with_the_verifier_of_its_challenge(browse, google):
    google.knows("1001", email="ha@gmail.com", email_verified=True)
    location = go_to(browse, "google")

    come_back(browse, google.choose(location, "1001"))

    given = google.got("token")[0]
    assert url64(hashlib.sha256(given.form["code_verifier"].encode()).digest()) == asked_for(location)["code_challenge"]
    assert given.form["redirect_uri"] == CALLBACK
    assert (given.form["client_id"], given.form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
    assert given.query == {}


def test_what_google_says_of_a_newcomer_is_kept_as_it_was_said(app, browse, google):
    come_from(browse, google, "42", email="Ha.Tran@GMAIL.com", email_verified=True, name="  Trần Thu Hà ")

    newcomer = newcomers(app)[0]
    assert (newcomer.provider, newcomer.issuer, newcomer.subject) == ("google", google.address, "42")
    assert (newcomer.email, newcomer.full_name) == ("Ha.Tran@gmail.com", "Trần Thu Hà")


@pytest.mark.parametrize(
    ("claims", "is_proven"),
    [
        ({"email": "ha@gmail.com", "email_verified": True}, True),
        ({"email": "ha@GMAIL.com", "email_verified": True}, True),
        ({"email": "ha@nhanghi.vn", "email_verified": True, "hd": "nhanghi.vn"}, True),
        ({"email": "ha@gmail.com", "email_verified": False}, False),
        ({"email": "ha@gmail.com"}, False),
        ({"email": "ha@gmail.com", "email_verified": "true"}, False),
        ({"email": "ha@nhanghi.vn", "email_verified": True}, False),
        ({"email": "ha@nhanghi.vn", "email_verified": True, "hd": ""}, False),
        ({"email": "ha@nhanghi.vn", "email_verified": True, "hd": True}, False),
        ({"email": "ha@nhanghi.vn", "email_verified": False, "hd": "nhanghi.vn"}, False),
        ({"email": "ha@gmail.com.example.com", "email_verified": True}, False),
        ({"email": "ha@notgmail.com", "email_verified": True}, False),
        ({"email": ["ha@gmail.com"], "email_verified": True}, False),
        ({"email": "no address", "email_verified": True, "hd": "x"}, False),
        ({"email_verified": True, "hd": "nhanghi.vn"}, False),
    ],
)
@ON_SQLITE
def test_google_speaks_for_its_own_mailboxes_alone(app, browse, google, claims, is_proven):
    come_from(browse, google, **claims)

    assert newcomers(app)[0].email_is_proven is is_proven


@pytest.mark.parametrize("name", [None, "", 7, ["Hà"], "Hà\x00", "x" * 5000, "‮aH"])
@ON_SQLITE
def test_a_strange_name_stops_nobody(app, browse, google, name):
    reply = come_from(browse, google, email="ha@gmail.com", name=name)

    assert reply.status_code == 303
    assert len(newcomers(app)[0].full_name) <= 200


def test_a_changed_address_is_still_the_same_person(app, browse, make_customer, google):
    link(app, make_customer().admin, google)
    come_from(browse, google, email="before@gmail.com", email_verified=True)

    reply = come_from(Browse(app), google, email="after@gmail.com", email_verified=True)

    assert reply.headers["Location"] == "/overview"


NOW = int(clock.now().timestamp())


LIES = {
    "another issuer": {"iss": "https://accounts.example.com"},
    "an issuer that is almost ours": {"iss": "http://localhost/"},
    "google's name at another address": {"iss": "accounts.google.com"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "an audience of many without a party": {"aud": [CLIENT_ID, "another-client"]},
    "another party": {"azp": "another-client"},
    "an audience of the wrong kind": {"aud": {"a": 1}},
    "a time long over": {"exp": NOW - 3600},
    "no end": {"exp": None},
    "an end of the wrong kind": {"exp": "tomorrow"},
    "an end that is never": {"exp": float("nan")},
    "a beginning in the future": {"iat": NOW + 86400},
    "no beginning": {"iat": None},
    "not yet": {"nbf": NOW + 86400},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "a nonce of the wrong kind": {"nonce": ["a"]},
    "another access token": {"at_hash": "AAAA"},
    "an access token of the wrong kind": {"at_hash": {"a": 1}},
    "no number": {"sub": None},
    "an empty number": {"sub": ""},
    "a number of the wrong kind": {"sub": 1001},
    "a number longer than any": {"sub": "1" * 300},
    "a number with a line break": {"sub": "1001\n"},
}


@pytest.mark.parametrize("lie", LIES)
@ON_SQLITE
def test_a_token_that_says_something_wrong_is_not_believed(app, browse, make_customer, google, lie):
    link(app, make_customer().admin, google)
    google.says(**LIES[lie])

    reply = come_from(browse, google)

    assert reply.status_code == 400
    assert not is_signed_in(browse)
    assert newcomers(app) == []
    assert acts(app) == ["signin.provider-refused"]


def test_google_s_name_of_old_is_google_s_alone():
    assert may_call_itself("https://accounts.google.com") == ["https://accounts.google.com", "accounts.google.com"]
    assert may_call_itself("https://accounts.example.com") == ["https://accounts.example.com"]


def by_hand(header, claims, sign) -> str:
    """A token that no honest library would make."""
    body = ".".join(url64(json.dumps(part).encode()) for part in ({"typ": "JWT", **header}, claims))
    return f"{body}.{url64(sign(body.encode()))}"


def signed_with_the_public_key(google):
    """HS256, with what everybody can read as the secret."""
    secret, header = google.key.as_pem(private=False), {"alg": "HS256", "kid": google.key.thumbprint()}
    return lambda claims: by_hand(header, claims, lambda body: hmac.digest(secret, body, "sha256"))


def with_words_that_nobody_knows(google):
    """RFC 7515, 4.1.11: what is critical and not understood makes a token invalid."""
    header = {"alg": "RS256", "kid": google.key.thumbprint(), "crit": ["moon"], "moon": "full"}
    sign = google.key.private_key.sign
    return lambda claims: by_hand(header, claims, lambda body: sign(body, PKCS1v15(), SHA256()))


FORGERIES = {
    "another's signature": lambda google: lambda claims: google.signs(claims, key=RSAKey.generate_key(2048)),
    "no signature": lambda google: lambda claims: by_hand({"alg": "none"}, claims, lambda body: b""),
    "a secret that everybody knows": signed_with_the_public_key,
    "another algorithm": lambda google: lambda claims: google.signs(claims, header={"alg": "PS256"}),
    "words that must be understood": with_words_that_nobody_knows,
    "a key that nobody published": lambda google: lambda claims: google.signs(claims, header={"kid": "unknown"}),
    "no token": lambda google: lambda claims: "a.b.c",
    "nothing": lambda google: lambda claims: "",
    "a list": lambda google: lambda claims: ["a"],
    "without end": lambda google: lambda claims: "x" * 200_000,
    "cut off": lambda google: lambda claims: google.signs(claims)[:-5],
    "changed": lambda google: lambda claims: google.signs(claims).replace(".ey", ".eY", 1),
}


@pytest.mark.parametrize("forgery", FORGERIES)
@ON_SQLITE
def test_a_forged_token_is_not_believed(app, browse, make_customer, google, forgery):
    link(app, make_customer().admin, google)
    google.gives(FORGERIES[forgery](google))

    reply = come_from(browse, google)

    assert reply.status_code == 400
    assert not is_signed_in(browse)
    assert acts(app) == ["signin.provider-refused"]


def test_a_token_of_another_sign_in_is_not_believed(app, browse, make_customer, google):
    link(app, make_customer().admin, google)
    seen = []
    google.gives(lambda claims: seen.append(google.signs(claims)) or seen[-1])
    come_from(Browse(app), google)
    google.gives(lambda claims: seen[0])

    reply = come_from(browse, google)

    assert reply.status_code == 400
    assert not is_signed_in(browse)
