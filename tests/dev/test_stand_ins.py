"""The stand-ins under /dev speak the real protocol: what Google and Facebook would refuse, they refuse."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from portal.signin.providers import keys
from portal.signin.providers.facebook import appsecret_proof
from portal.signin.providers.models import Provider

BACK = "http://localhost:8000/sign-in/{}/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PAGES = {"google": "/dev/google/authorize", "facebook": "/dev/facebook/dialog/oauth"}
TOKENS = {"google": "/dev/google/token", "facebook": "/dev/facebook/graph/oauth/access_token"}
BOTH = pytest.mark.parametrize("provider", ["google", "facebook"])
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def page_of(provider, **more) -> str:
    asked = {"client_id": "demo", "redirect_uri": BACK.format(provider), "response_type": "code", "state": "s"}
    asked |= {"nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{PAGES[provider]}?{urlencode(asked | more)}"


def agreed(browse, provider, **fields) -> dict[str, str]:
    reply = browse.submit(page_of(provider), fields)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    location = urlsplit(reply.headers["Location"])
    assert location._replace(query="").geturl() == BACK.format(provider)
    return {name: values[0] for name, values in parse_qs(location.query).items()}


def secret_of(app, provider) -> str:
    with app.app_context():
        return keys.demo(Provider(provider)).client_secret


def exchanged(app, browse, provider, given, **wrong):
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK.format(provider)}
    form |= {"client_id": "demo", "client_secret": secret_of(app, provider), "code_verifier": VERIFIER}
    return browse.post(TOKENS[provider], form | wrong)


def test_google_vouches_with_a_token_of_its_published_key(app, browse):
    told = agreed(browse, "google", **{"as": "ha"})

    token = exchanged(app, browse, "google", told["code"]).get_json()["id_token"]

    claims = jwt.decode(token, KeySet.import_key_set(browse.get("/dev/google/jwks").get_json())).claims
    assert (claims["email"], claims["email_verified"], claims["hd"]) == (
        "ha@nhanghi.example.com",
        True,
        "nhanghi.example.com",
    )
    assert (claims["iss"], claims["aud"], claims["nonce"]) == ("http://localhost:8000/dev/google", "demo", "n")
    assert (told["state"], told["iss"]) == ("s", claims["iss"])


def test_somebody_of_one_s_own_without_a_verified_address(app, browse):
    fields = {"as": "typed", "full_name": "Lê Na", "email": "na@example.com"}
    told = agreed(browse, "google", **fields)

    token = exchanged(app, browse, "google", told["code"]).get_json()["id_token"]

    claims = jwt.decode(token, KeySet.import_key_set(browse.get("/dev/google/jwks").get_json())).claims
    assert (claims["name"], claims["email"], claims["email_verified"]) == ("Lê Na", "na@example.com", False)
    assert "hd" not in claims


def test_facebook_tells_of_a_person_to_the_portal_alone(app, browse):
    told = agreed(browse, "facebook", **{"as": "typed", "full_name": "Lê Na", "email": "na@x.vn", "without_email": "y"})
    token = exchanged(app, browse, "facebook", told["code"]).get_json()["access_token"]
    bearing = {"Authorization": f"Bearer {token}"}
    proof = appsecret_proof(token, secret_of(app, "facebook"))

    without = browse.get("/dev/facebook/graph/me?fields=id,name,email", headers=bearing)
    with_it = browse.get(f"/dev/facebook/graph/me?fields=id,name,email&appsecret_proof={proof}", headers=bearing)

    assert without.status_code == 400
    assert with_it.get_json()["name"] == "Lê Na"
    assert "email" not in with_it.get_json()


def test_who_comes_again_has_the_same_number(app, browse):
    tokens = [
        exchanged(app, browse, "facebook", agreed(browse, "facebook", **{"as": "tam"})["code"]).get_json()[
            "access_token"
        ]
        for _time in range(2)
    ]
    app_token = {"Authorization": f"Bearer demo|{secret_of(app, 'facebook')}"}

    told = [
        browse.get(f"/dev/facebook/graph/debug_token?input_token={token}", headers=app_token).get_json()["data"]
        for token in tokens
    ]

    assert told[0]["user_id"] == told[1]["user_id"]
    assert told[0]["is_valid"] is True


@BOTH
def test_who_cancels_is_sent_back_without_a_code(browse, provider):
    told = agreed(browse, provider, **{"as": "cancel"})

    assert (told["error"], told["state"]) == ("access_denied", "s")
    assert "code" not in told


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example.com/"},
        {"response_type": "token"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_only_the_portal_may_send_people_there(browse, provider, wrong):
    assert browse.get(page_of(provider, **wrong)).status_code == 400


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "guessed"},
        {"client_id": "another"},
        {"grant_type": "password"},
        {"redirect_uri": "https://evil.example.com/"},
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"code": "forged"},
        {"code": "Zm9yZ2Vk" * 20},
        {"code": ""},
    ],
)
def test_a_code_is_for_whoever_asked_for_it(app, browse, provider, wrong):
    code = agreed(browse, provider, **{"as": "binh"})["code"]

    reply = exchanged(app, browse, provider, code, **wrong)

    assert reply.status_code in (400, 401)
    assert "error" in reply.get_json()


@BOTH
def test_a_code_is_for_a_minute(app, browse, provider, move_clock):
    code = agreed(browse, provider, **{"as": "binh"})["code"]
    move_clock(seconds=61)

    assert exchanged(app, browse, provider, code).status_code == 400


def test_a_code_of_one_is_nothing_to_the_other(app, browse):
    code = agreed(browse, "google", **{"as": "binh"})["code"]

    assert exchanged(app, browse, "facebook", code).status_code == 400
