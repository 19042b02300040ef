"""Which buttons there are: those for which the portal has keys; in development without keys, demos that say so."""

import re

import pytest
from werkzeug.exceptions import NotFound

from portal.app import create_app
from portal.config import SettingsError
from portal.signin.providers import going
from portal.signin.providers.models import Provider
from tests.support.browse import Browse
from tests.support.providers import PRODUCTION

GOOGLE = {"PORTAL_GOOGLE_CLIENT_ID": "id", "PORTAL_GOOGLE_CLIENT_SECRET": "secret"}
FACEBOOK = {"PORTAL_FACEBOOK_CLIENT_ID": "id", "PORTAL_FACEBOOK_CLIENT_SECRET": "secret"}
ADDRESSES = [f"/sign-in/{provider}{part}" for provider in ("google", "facebook") for part in ("", "/callback")]
BUTTON = re.compile(r'<a[^>]*href="(/sign-in/(?:google|facebook)[^"]*)"')


def portal(tmp_path, *settings) -> Browse:
    environ = {"PORTAL_INSTANCE_PATH": str(tmp_path)}
    for more in settings:
        environ |= more
    return Browse(create_app(environ))


def buttons(browser: Browse, page: str = "/sign-in") -> list[str]:
    return BUTTON.findall(browser.get(page).get_data(as_text=True))


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
def test_with_keys_there_are_plain_buttons(browse, page):
    assert buttons(browse, page) == ["/sign-in/google", "/sign-in/facebook"]
    assert "(demo)" not in browse.get(page).get_data(as_text=True)


def test_a_button_keeps_where_somebody_wanted_to_go(browse):
    assert buttons(browse, "/sign-in?next=/exports") == [
        "/sign-in/google?next=/exports",
        "/sign-in/facebook?next=/exports",
    ]


def test_development_without_keys_offers_demos_that_say_so(tmp_path):
    browser = portal(tmp_path)

    assert buttons(browser) == ["/sign-in/google", "/sign-in/facebook"]
    assert browser.get("/sign-in").get_data(as_text=True).count("(demo)") == 2


@pytest.mark.parametrize(
    ("keys", "offered"),
    [
        ({}, []),
        (GOOGLE, ["/sign-in/google"]),
        (FACEBOOK, ["/sign-in/facebook"]),
        (GOOGLE | FACEBOOK, ["/sign-in/google", "/sign-in/facebook"]),
    ],
)
def test_production_offers_what_it_has_keys_for(tmp_path, keys, offered):
    browser = portal(tmp_path, PRODUCTION, keys)

    assert buttons(browser) == offered
    missing = [address for address in ADDRESSES if browser.get(address.partition("?")[0]).status_code == 404]
    assert missing == [address for address in ADDRESSES if not address.startswith(tuple(offered))]


@pytest.mark.parametrize("provider", Provider)
def test_there_is_no_way_to_link_what_is_not_offered(tmp_path, provider):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)} | PRODUCTION)

    with app.test_request_context(), pytest.raises(NotFound):
        going.go(provider, purpose="link")


@pytest.mark.parametrize(
    "settings",
    [
        {"PORTAL_GOOGLE_CLIENT_ID": "id"},
        {"PORTAL_FACEBOOK_CLIENT_SECRET": "secret"},
        PRODUCTION | {"PORTAL_GOOGLE_DISCOVERY_URL": "http://accounts.example.com/.well-known/openid-configuration"},
        PRODUCTION | {"PORTAL_FACEBOOK_GRAPH_URL": "http://graph.example.com"},
        {"PORTAL_FACEBOOK_AUTHORIZE_URL": "www.facebook.com"},
    ],
)
def test_halves_and_open_lines_stop_the_start(tmp_path, settings):
    with pytest.raises(SettingsError, match=r"GOOGLE|FACEBOOK"):
        portal(tmp_path, settings)
