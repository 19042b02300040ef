"""The stand-ins for Google and Facebook keep their side of the protocol, so that they test the portal's side."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support import facebook as facebook_support
from tests.support import google as google_support
from tests.support.facebook import Facebook
from tests.support.google import Google
from tests.support.providers import facebook, facebook_service, google, google_service  # noqa: F401

BACK = "http://localhost:8000/back"


def asked(service: Google | Facebook, place: str, **more: str) -> str:
    client = google_support.CLIENT_ID if isinstance(service, Google) else facebook_support.CLIENT_ID
    query = {"client_id": client, "redirect_uri": BACK, "response_type": "code", "state": "s1", **more}
    return f"{service.address}{service.places[place]}?{urlencode(query)}"


def code_in(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]


def test_google_gives_a_signed_token_for_a_code(google: Google):  # noqa: F811
    google.knows("7", email="ha@gmail.com", email_verified=True, name="Hà")
    back = google.choose(asked(google, "authorize", scope="openid email profile", nonce="n1"), "7")

    answer = requests.post(
        google.address + google.places["token"],
        data={
            "grant_type": "authorization_code",
            "code": code_in(back),
            "redirect_uri": BACK,
            "client_id": google_support.CLIENT_ID,
            "client_secret": google_support.CLIENT_SECRET,
        },
        timeout=10,
    )

    keys = KeySet.import_key_set(requests.get(google.address + "/jwks", timeout=10).json())
    claims = jwt.decode(answer.json()["id_token"], keys, algorithms=["RS256"]).claims
    assert parse_qs(urlsplit(back).query)["state"] == ["s1"]
    assert (claims["sub"], claims["email"], claims["nonce"]) == ("7", "ha@gmail.com", "n1")
    assert claims["aud"] == google_support.CLIENT_ID
    assert google.got("token")[0].form["code"] == code_in(back)


def test_google_gives_the_state_back_to_who_cancels(google: Google):  # noqa: F811
    back = google.choose(asked(google, "authorize", scope="openid"), None)

    assert parse_qs(urlsplit(back).query) | {"error_description": ""} == {
        "error": ["access_denied"],
        "state": ["s1"],
        "error_description": "",
    }


@pytest.mark.parametrize("way", ["html", "error", "redirect", "huge", "list", "empty"])
def test_a_place_misbehaves_as_it_is_told(google: Google, way: str):  # noqa: F811
    proper = requests.get(google.address + "/jwks", timeout=10).content

    google.misbehaves("jwks", way)

    assert requests.get(google.address + "/jwks", allow_redirects=False, timeout=10).content != proper


def test_a_place_that_is_down_breaks_the_connection(google: Google):  # noqa: F811
    google.misbehaves("jwks", "down")

    with pytest.raises(requests.ConnectionError):
        requests.get(google.address + "/jwks", timeout=10)


def test_facebook_wants_the_proof_with_a_persons_token(facebook: Facebook):  # noqa: F811
    facebook.knows("9", name="Hà")
    code = code_in(facebook.choose(asked(facebook, "dialog"), "9"))
    keys = {"client_id": facebook_support.CLIENT_ID, "client_secret": facebook_support.CLIENT_SECRET}
    form = {**keys, "code": code, "redirect_uri": BACK}
    given = requests.post(facebook.address + facebook.places["token"], data=form, timeout=10).json()

    answer = requests.get(
        facebook.address + facebook.places["me"],
        headers={"Authorization": "Bearer " + given["access_token"]},
        timeout=10,
    )

    assert answer.status_code == 400
    assert "appsecret_proof" in answer.json()["error"]["message"]


def test_a_facebook_code_works_once(facebook: Facebook):  # noqa: F811
    code = code_in(facebook.choose(asked(facebook, "dialog"), "9"))
    keys = {"client_id": facebook_support.CLIENT_ID, "client_secret": facebook_support.CLIENT_SECRET}
    form = {**keys, "code": code, "redirect_uri": BACK}

    answers = [requests.post(facebook.address + facebook.places["token"], data=form, timeout=10) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
