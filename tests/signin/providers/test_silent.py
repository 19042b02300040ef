"""A provider that is down, slow or talks nonsense: the person is told and offered another way, nothing is half made."""

import time

import pytest
from sqlalchemy import func, select

from portal.app import create_app
from portal.core.database import db
from portal.signin.models import Handshake, SignIn
from portal.signin.providers import outgoing
from portal.signin.providers.models import Newcomer
from tests.support.browse import Browse
from tests.support.providers import PRODUCTION, acts, come_from, link

ON_ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WAYS = ("down", "slow", "html", "error", "redirect", "huge", "list", "deep", "empty", "compressed")
GOOGLE_PLACES = [("discovery", way) for way in WAYS] + [("jwks", way) for way in WAYS] + [("token", w) for w in WAYS]
FACEBOOK_PLACES = [(place, way) for place in ("token", "me", "debug") for way in WAYS]
SAYS_NOTHING_ELSE = {("me", "empty"): 400}  # somebody without a number is no silence, but nobody


@pytest.fixture
def impatient(app):
    app.config["PROVIDER_PATIENCE"] = (0.5, 0.5)


def rows(app) -> list[int]:
    with app.app_context():
        return [db.session.scalar(select(func.count()).select_from(table)) for table in (Handshake, SignIn, Newcomer)]


@pytest.mark.parametrize(("place", "way"), GOOGLE_PLACES)
@ON_ONE_DATABASE
def test_google_is_silent(app, browse, make_customer, google, impatient, place, way):
    link(app, make_customer().admin, google)
    google.knows("1001")
    google.misbehaves(place, way)

    if place == "token":
        reply = come_from(browse, google, start="/sign-in/google?next=/exports")
    else:
        reply = browse.get("/sign-in/google?next=/exports")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in?next=/exports")
    assert "Google does not answer as it should" in browse.get("/sign-in").get_data(as_text=True)
    assert acts(app) == ["signin.provider-silent"]
    assert rows(app) == [0, 0, 0]


@pytest.mark.parametrize(("place", "way"), FACEBOOK_PLACES)
@ON_ONE_DATABASE
def test_facebook_is_silent(app, browse, make_customer, facebook, impatient, place, way):
    link(app, make_customer().admin, facebook)
    facebook.misbehaves(place, way)

    reply = come_from(browse, facebook)

    assert reply.status_code == SAYS_NOTHING_ELSE.get((place, way), 303)
    assert reply.status_code == 400 or reply.headers["Location"] == "/sign-in"
    assert len(acts(app)) == 1
    assert rows(app) == [0, 0, 0]


@pytest.mark.parametrize("nonsense", [{"expires_in": [1]}, {"expires_in": float("inf")}, {"access_token": 7}])
@ON_ONE_DATABASE
def test_a_token_that_no_library_understands_is_no_answer(app, browse, google, nonsense):
    google.adds(**nonsense)

    reply = come_from(browse, google)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert acts(app) == ["signin.provider-silent"]
    assert rows(app) == [0, 0, 0]


def test_who_was_linking_is_back_at_their_accounts(app, browse_as, make_customer, google, impatient):
    browser = browse_as(make_customer().admin)
    google.misbehaves("discovery", "down")

    reply = browser.get("/security/linked/google/link")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
    assert acts(app)[-1] == "signin.provider-silent"


def test_a_provider_that_is_back_is_asked_again(app, browse, make_customer, google, move_clock):
    link(app, make_customer().admin, google)
    google.misbehaves("discovery", "error")
    first = browse.get("/sign-in/google")
    google.misbehaves("discovery", "")
    too_soon = browse.get("/sign-in/google")
    move_clock(seconds=11)

    reply = come_from(browse, google)

    assert [first.headers["Location"], too_soon.headers["Location"]] == ["/sign-in", "/sign-in"]
    assert len(google.got("discovery")) == 2
    assert reply.headers["Location"] == "/overview"


@ON_ONE_DATABASE
def test_facebook_having_a_bad_moment_is_no_forgery(app, browse, facebook):
    facebook.is_tired()

    reply = come_from(browse, facebook)

    assert reply.status_code == 303
    assert acts(app) == ["signin.provider-silent"]


@ON_ONE_DATABASE
def test_a_dripping_answer_is_given_up(app, google, impatient):
    google.misbehaves("discovery", "dripping")
    app.config["PROVIDER_PATIENCE_FOR_ALL"] = 0.5

    began = time.monotonic()
    with app.app_context(), pytest.raises(outgoing.Unanswered):
        outgoing.get_json(google.address + google.places["discovery"])

    assert time.monotonic() - began < 5


def test_in_production_nothing_is_asked_without_tls(google, tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)} | PRODUCTION)

    with app.app_context(), pytest.raises(outgoing.Unanswered):
        outgoing.get_json(google.address + google.places["discovery"])

    assert google.asked == []


def test_other_people_are_served_while_a_provider_is_waited_for(app, google, make_customer):
    """Nothing is locked meanwhile: the database takes somebody else's sign-in in the very same moment."""
    an = make_customer().admin
    google.misbehaves("token", "meanwhile")
    other = Browse(app)
    google.meanwhile = lambda: other.sign_in(an)

    come_from(Browse(app), google)

    assert rows(app)[1] == 1
