"""The web's manners: paths stay on this site, links come from BASE_URL, clients get what they ask for."""

import pytest

from portal.core import web

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "//evil%E3%80%82example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/profile\\..\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\x00/evil.example",
    "evil.example",
    "@evil.example",
    "?next=x",
    "/profile\r\nSet-Cookie: sid=x",
    "/" + "x" * 500,
    "",
    None,
]


@pytest.mark.parametrize("target", HOSTILE)
def test_next_to_another_site_is_no_next(target):
    assert web.safe_next(target) is None


@pytest.mark.parametrize("target", ["/", "/profile", "/my-data/visits?page=2&a=b", "/a#b", "/?next=//evil.example"])
def test_a_path_on_this_site_stays(target):
    assert web.safe_next(target) == target


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_links_in_letters_come_from_the_base_url_alone(app):
    with app.test_request_context(base_url="https://evil.example", headers={"X-Forwarded-Host": "evil.example"}):
        assert web.absolute_url("signin.reset_password", token="x") == "http://localhost:8000/reset-password/x"
    with app.app_context():
        assert web.absolute_url("pages.home") == "http://localhost:8000/"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("accept", "is_json"),
    [("application/json", True), ("text/html,*/*;q=0.8", False), ("*/*", False), ("", False), ("nonsense", False)],
)
def test_who_asks_for_json_gets_it(app, accept, is_json):
    with app.test_request_context(headers={"Accept": accept}):
        assert web.wants_json() is is_json
