"""Google's keys and description: found when they change, asked for seldom, believed only as Google's."""

import pytest

from tests.signin.providers.conftest import ON_SQLITE
from tests.support.browse import Browse
from tests.support.providers import acts, come_from, go_to, link


def test_new_keys_are_found_as_soon_as_they_sign(app, browse, make_customer, google, move_clock):
    link(app, make_customer().admin, google)
    come_from(browse, google)
    move_clock(seconds=120)
    google.changes_keys()

    reply = come_from(Browse(app), google)

    assert reply.headers["Location"] == "/overview"
    assert len(google.got("jwks")) == 2


def test_unknown_keys_make_the_portal_ask_once_a_minute_at_most(app, browse, google, move_clock):
    google.gives(lambda claims: google.signs(claims, header={"kid": "unknown"}))

    replies = [come_from(Browse(app), google) for _try in range(5)]

    assert [reply.status_code for reply in replies] == [400] * 5
    assert len(google.got("jwks")) == 1


def test_what_google_publishes_is_asked_for_once_an_hour(app, browse, google, move_clock):
    for _start in range(3):
        go_to(browse, "google")
    asked_at_first = len(google.got("discovery"))
    move_clock(hours=1, seconds=1)
    go_to(browse, "google")

    assert (asked_at_first, len(google.got("discovery"))) == (1, 2)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://accounts.example.com"},
        {"issuer": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"token_endpoint": 7},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
@ON_SQLITE
def test_a_description_of_another_provider_is_not_followed(app, browse, google, said):
    google.publishes(**said)

    reply = browse.get("/sign-in/google")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert acts(app) == ["signin.provider-silent"]


def test_an_answer_that_names_another_issuer_gives_the_code_to_nobody(app, browse, make_customer, google):
    link(app, make_customer().admin, google)
    google.names_itself("https://accounts.example.com")

    reply = come_from(browse, google)

    assert reply.status_code == 400
    assert google.got("token") == []


@ON_SQLITE
def test_an_answer_that_names_google_is_google_s(app, browse, make_customer, google):
    link(app, make_customer().admin, google)
    google.publishes(authorization_response_iss_parameter_supported=True)
    google.names_itself(google.address)

    reply = come_from(browse, google)

    assert reply.headers["Location"] == "/overview"


@ON_SQLITE
def test_an_answer_that_should_name_its_issuer_and_does_not_is_refused(app, browse, make_customer, google):
    link(app, make_customer().admin, google)
    google.publishes(authorization_response_iss_parameter_supported=True)

    reply = come_from(browse, google)

    assert reply.status_code == 400
    assert google.got("token") == []
