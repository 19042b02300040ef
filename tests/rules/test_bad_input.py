"""Whatever a person sends, the portal answers with a page that says so: never a 5xx, never half a change."""

import re
from collections.abc import Iterator
from itertools import product
from uuid import uuid4

import pytest
from flask import Flask

from tests.support.browse import Browse, token_of

NASTY = (
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 20_000,
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}${7*7}",
    "' or 1=1; drop table user; --",
    '=HYPERLINK("http://x")',
    "a@example.com\r\nBcc: b@example.com",
    "‮gnp.exe",
    "Nguye\u0302\u0303n",
    "👩‍👩‍👧‍👦" * 50,
    "٣٤٥",
    "1e309",
    "99999999999999999999999999",
)
QUERY = "&".join(
    f"{name}={{n}}" for name in ("from", "to", "in", "before", "key", "next", "page", "text", "kind", "number")
)
STRICT_WORDS = {"email": "new@example.com", "password": "sông Hàn lúc nửa đêm", "phone": "0905 123 456"}
STRICT = tuple(STRICT_WORDS)
LEFT_OUT = ("static", "signin.sign_out", "signin.end_other_sessions")  # the web server's own; and what ends the visit
KNOWN = {"name": "profile", "kind": "privacy", "number": 1, "provider": "google"}


def addresses(app: Flask, method: str) -> Iterator[str]:
    """Every address of the portal, with something plausible where it takes a part."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint in LEFT_OUT:
            continue
        parts = {
            part: KNOWN.get(part, uuid4() if type(converter).__name__ == "UUIDConverter" else "no-such-thing")
            for part, converter in rule._converters.items()
        }
        yield adapter.build(rule.endpoint, parts, method=method)


@pytest.mark.parametrize("who", ["anyone", "customer", "officer"])
def test_no_question_in_an_address_breaks_a_page(app, make_customer, make_operator, browse, browse_as, who):
    window = {
        "anyone": lambda: browse,
        "customer": lambda: browse_as(make_customer().admin),
        "officer": lambda: browse_as(make_operator()),
    }[who]()

    broken = [
        f"{address}?{query}"
        for address in addresses(app, "GET")
        for query in (QUERY.format(n=n) for n in ("", "%00", "-1", "9" * 30, "%ED%A0%80", "٣"))
        if window.get(f"{address}?{query}").status_code >= 500
    ]

    assert broken == []


@pytest.mark.parametrize("who", ["anyone", "customer", "officer"])
def test_no_words_in_a_form_break_a_page(app, make_customer, make_operator, browse, browse_as, who):
    window = {
        "anyone": lambda: browse,
        "customer": lambda: browse_as(make_customer(staff=1).admin),
        "officer": lambda: browse_as(make_operator()),
    }[who]()

    broken = []
    for address in addresses(app, "POST"):
        typed, given = form_on(window, address)
        for nasty, spared in product(NASTY, ((), STRICT)):
            words = nasty.encode("utf-8", "surrogatepass")
            fields = {name: STRICT_WORDS.get(name, "") if name in spared else words for name in typed}
            if window.post(address, given | fields).status_code >= 500:
                broken.append((address, nasty[:30]))

    assert broken == []


def form_on(window: Browse, address: str) -> tuple[set[str], dict[str, str]]:
    """The names that somebody types into, and what the page itself sends along: tokens, choices, hidden words."""
    page = window.get(address)
    shown = page if page.status_code == 200 else window.get("/security")
    shown = shown if shown.status_code == 200 else window.get("/sign-in")
    main = page.get_data(as_text=True).partition('id="main"')[2].partition("</main>")[0]
    given = {"csrf_token": token_of(shown)}
    typed = set(re.findall(r'<textarea[^>]*\sname="([^"]+)"', main)) or {"q"}
    for tag in re.findall(r"<input[^>]*>", main):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        kind, name = attributes.get("type", "text"), attributes.get("name", "")
        if kind in ("text", "email", "password", "tel", "search"):
            typed.add(name)
        elif kind == "hidden" or " checked" in tag:
            given.setdefault(name, attributes.get("value", "y"))
    for name, options in re.findall(r'<select[^>]*\sname="([^"]+)"[^>]*>(.*?)</select>', main, re.DOTALL):
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', options)
        given[name] = chosen[1] if chosen else ""
    return typed, given


def test_an_address_that_does_not_exist_is_a_clean_404(browse: Browse):
    for path in (
        "/.git/config",
        "/.env",
        "/static/..%2f..%2fwsgi.py",
        "/console",
        "/%00",
        "/exports/1",
        "/my-data/%ff",
    ):
        assert browse.get(path).status_code in (303, 404), path


@pytest.mark.parametrize("body", ["[1, [2]]", '"words"', '{"email": ["a"]}', "null", "{broken", ""])
@pytest.mark.parametrize("who", ["anyone", "customer"])
def test_no_json_breaks_a_page_that_takes_a_form(app, make_customer, browse, browse_as, who, body):
    window = browse if who == "anyone" else browse_as(make_customer().admin)
    token = token_of(window.get("/contact"))

    broken = [
        address
        for address in addresses(app, "POST")
        if window.client.post(
            address, data=body, content_type="application/json", headers={"X-CSRFToken": token}
        ).status_code
        >= 500
    ]

    assert broken == []
