"""Facebook: proof with every call, the token's owner checked, and no word of it taken for a mailbox."""

import hmac
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.providers.models import Newcomer
from tests.support.facebook import CLIENT_ID, CLIENT_SECRET
from tests.support.providers import acts, come_from, go_to, is_signed_in, link

ON_ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def newcomers(app) -> list[Newcomer]:
    with app.app_context():
        return list(db.session.scalars(select(Newcomer)))


def test_facebook_is_asked_for_as_little_as_signing_in_takes(browse, facebook):
    location = go_to(browse, "facebook")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(facebook.address + facebook.places["dialog"] + "?")
    assert asked["redirect_uri"] == "http://localhost:8000/sign-in/facebook/callback"
    assert asked["scope"] == "public_profile email"
    assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 43


def test_a_person_without_an_address_is_somebody_all_the_same(app, browse, facebook):
    reply = come_from(browse, facebook, "55", name="Đỗ Minh Tâm")

    assert reply.headers["Location"] == "/sign-up/continue"
    newcomer = newcomers(app)[0]
    assert (newcomer.issuer, newcomer.subject) == ("https://www.facebook.com", "55")
    assert (newcomer.full_name, newcomer.email) == ("Đỗ Minh Tâm", "")


def test_an_address_that_facebook_gives_proves_nothing(app, browse, facebook):
    come_from(browse, facebook, name="Hà", email="ha@gmail.com")

    newcomer = newcomers(app)[0]
    assert (newcomer.email, newcomer.email_is_proven) == ("ha@gmail.com", False)


def test_every_call_about_a_person_carries_the_proof_of_the_app(browse, facebook):
    come_from(browse, facebook, name="Hà")

    call = facebook.got("me")[0]
    token = call.headers["Authorization"].removeprefix("Bearer ")
    assert call.query["appsecret_proof"] == hmac.digest(CLIENT_SECRET.encode(), token.encode(), "sha256").hex()
    assert call.query["fields"] == "id,name,email"


def test_no_secret_and_no_usable_token_is_in_an_address(browse, facebook):
    come_from(browse, facebook, name="Hà")

    exchange, debug = facebook.got("token")[0], facebook.got("debug")[0]
    assert (exchange.method, exchange.query) == ("POST", {})
    assert exchange.form["client_secret"] == CLIENT_SECRET
    assert debug.headers["Authorization"] == f"Bearer {CLIENT_ID}|{CLIENT_SECRET}"
    assert [asked for asked in facebook.asked if "access_token" in asked.query or "client_secret" in asked.query] == []


@pytest.mark.parametrize(
    "lie",
    [
        {"app_id": "6543210987654321"},
        {"app_id": None},
        {"is_valid": False},
        {"is_valid": "true"},
        {"user_id": "2002"},
        {"user_id": None},
        {"user_id": 1001},
    ],
)
@ON_ONE_DATABASE
def test_a_token_that_is_not_this_person_s_for_this_portal_is_not_believed(app, browse, make_customer, facebook, lie):
    link(app, make_customer().admin, facebook)
    facebook.says_of_tokens(**lie)

    reply = come_from(browse, facebook, name="An")

    assert reply.status_code == 400
    assert not is_signed_in(browse)
    assert acts(app) == ["signin.provider-refused"]


@pytest.mark.parametrize("number", ["", None, 1001, ["1001"], "1" * 300, "10\n01", "１００１"])
@ON_ONE_DATABASE
def test_a_person_without_a_proper_number_is_nobody(app, browse, facebook, number):
    facebook.says_of_people(id=number)

    reply = come_from(browse, facebook, name="An")

    assert reply.status_code == 400
    assert newcomers(app) == []


@pytest.mark.parametrize("said", [{"name": None}, {"name": 7}, {"name": "a\x00b"}, {"email": 7}, {"email": "x"}])
@ON_ONE_DATABASE
def test_strange_words_about_a_person_stop_nobody(app, browse, facebook, said):
    facebook.says_of_people(**said)

    reply = come_from(browse, facebook, name="An")

    assert reply.status_code == 303
    assert newcomers(app)[0].email == ""


def test_the_answer_may_name_facebook_and_nobody_else(app, browse, make_customer, facebook):
    link(app, make_customer().admin, facebook)
    facebook.knows("1001", name="An")
    backs = [facebook.choose(go_to(browse, "facebook"), "1001").partition("#")[0] for _start in range(2)]
    paths = [urlsplit(back)._replace(scheme="", netloc="").geturl() for back in backs]

    other = browse.get(paths[0] + "&iss=https%3A%2F%2Faccounts.google.com")
    own = browse.get(paths[1] + "&iss=https%3A%2F%2Fwww.facebook.com")

    assert other.status_code == 400
    assert own.headers["Location"] == "/overview"
    assert len(facebook.got("token")) == 1
