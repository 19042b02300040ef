"""What production does not do, whoever asks: debug, trace, list, answer in another form than it says."""

import pytest

from tests.support.browse import Browse
from tests.support.portals import in_production, portal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HTTPS = "https://portal.example.com"


@pytest.fixture
def serving(environ):
    with portal(in_production(environ)) as app:
        yield app


def test_debugging_stays_off_in_production_whatever_the_environment_says(environ, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with portal(in_production(environ)) as app:
        assert not app.debug
    with portal(environ) as app:
        assert app.debug


def test_nobody_gets_their_request_sent_back_by_trace(serving):
    for path in ("/", "/sign-in", "/static/js/app.js", "/healthz"):
        reply = serving.test_client().open(path, method="TRACE", headers={"Cookie": "sid=secret"})

        assert reply.status_code == 405
        assert b"secret" not in reply.data


def test_a_folder_shows_no_list_of_its_files(serving):
    for path in ("/static/", "/static/js/", "/static", "/templates/", "/instance/", "/docs/"):
        assert serving.test_client().get(path).status_code == 404, path


def test_a_chosen_language_belongs_to_this_host_alone(serving):
    browse = serving.test_client()
    token = Browse(serving).get("/").get_data(as_text=True).partition('name="csrf_token"')[2].split('"')[3]

    reply = browse.post("/locale", data={"locale": "vi", "csrf_token": token}, base_url=HTTPS)

    (cookie,) = (c for c in reply.headers.getlist("Set-Cookie") if "locale" in c)
    assert cookie.startswith("__Host-locale=vi;")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert 'lang="vi"' in browse.get("/", base_url=HTTPS).get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/nothing-here", "text/html; charset=utf-8"),
        ("/healthz", "application/json"),
        ("/static/js/app.js", "text/javascript; charset=utf-8"),
        ("/static/css/base.css", "text/css; charset=utf-8"),
        ("/static/img/favicon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_each_answer_says_what_it_is_and_in_which_characters(serving, path, kind):
    with serving.test_client().get(path, base_url=HTTPS) as reply:
        headers = reply.headers

    assert headers["Content-Type"] == kind
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing-here", "/overview", "/healthz", "/static/css/base.css"])
def test_every_answer_forbids_frames_plugins_and_plain_http(serving, path):
    with serving.test_client().get(path, base_url=HTTPS) as reply:
        headers = reply.headers

    policy = {words.split()[0]: words.split()[1:] for words in headers["Content-Security-Policy"].split(";")}
    for directive in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[directive] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


def test_no_other_site_is_told_that_it_may_read(serving):
    reply = serving.test_client().get("/healthz", base_url=HTTPS, headers={"Origin": "https://evil.example"})
    asked = serving.test_client().options("/sign-in", base_url=HTTPS, headers={"Origin": "https://evil.example"})

    for answer in (reply, asked):
        assert not [name for name, _value in answer.headers if name.lower().startswith("access-control-")]
