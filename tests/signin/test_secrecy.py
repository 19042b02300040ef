"""What must stay secret stays so: cookies, headers, logs, the database."""

import json
import re

import pytest
from sqlalchemy import text

from portal.core.database import db
from portal.core.web import CSP
from tests.support.browse import Browse, link_in, token_of
from tests.support.people import PASSWORD
from tests.support.portals import in_production, portal

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGES = ["/", "/sign-in", "/sign-up", "/forgot-password", "/cookies", "/nothing-here", "/overview", "/healthz"]


def cookies_of(reply):
    return {cookie.partition("=")[0]: cookie for cookie in reply.headers.getlist("Set-Cookie")}


@ON_SQLITE
def test_clause_5_1_the_cookie_ends_with_the_browser_and_no_script_reads_it(app, make_customer):
    alice = make_customer().admin
    browse = Browse(app)

    cookies = cookies_of(browse.sign_in(alice))

    assert list(cookies) == ["sid"]
    attributes = cookies["sid"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "path=/" in attributes
    assert not re.search("expires|max-age|domain|; secure", attributes)


@ON_SQLITE
def test_clause_5_1_over_https_the_cookie_belongs_to_this_host_alone(environ):
    with portal(in_production(environ)) as app:
        reply = app.test_client().get("/sign-in", base_url="https://portal.example.com")

    (cookie,) = reply.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-sid=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert not re.search("expires|max-age|domain", cookie.lower())
    assert reply.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@ON_SQLITE
def test_clause_5_1_a_chosen_language_ends_with_the_browser_too(browse):
    reply = browse.submit("/locale", {"locale": "vi"}, page="/")

    cookie = cookies_of(reply)["locale"].lower()
    assert cookie.startswith("locale=vi;")
    assert not re.search("expires|max-age", cookie)


@ON_SQLITE
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_closes_what_is_not_needed(browse, path):
    headers = browse.get(path).headers

    assert headers["Content-Security-Policy"] == CSP
    assert "default-src 'none'" in CSP
    assert "unsafe" not in CSP
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@ON_SQLITE
def test_a_page_of_who_is_signed_in_is_kept_nowhere(browse_as, make_customer):
    browse = browse_as(make_customer().admin)

    for path in ("/overview", "/security", "/security/password"):
        assert browse.get(path).headers["Cache-Control"] == "no-store"


def test_clause_8_7_neither_password_nor_link_nor_cookie_is_in_the_database(app, browse, make_customer, mailbox, work):
    alice = make_customer().admin
    browse.submit("/forgot-password", {"email": alice.email})
    work()
    link = link_in(mailbox.wait_for(alice.email).text, "/reset-password/").rpartition("/")[2]
    browse.submit("/sign-in", {"email": alice.email, "password": PASSWORD})
    with browse.client.session_transaction() as session:
        secret = session["_user_id"]

    with app.app_context():
        everything = json.dumps(
            [
                [dict(row._mapping) for row in db.session.execute(text(f'select * from "{table.name}"'))]
                for table in db.metadata.sorted_tables
            ],
            default=str,
            ensure_ascii=False,
        )

    assert alice.email in everything
    for hidden in (PASSWORD, link, secret):
        assert hidden not in everything


def test_clause_8_7_logs_hold_no_address_password_or_link(capfd, environ, mailbox):
    with portal(environ) as app:
        app.add_url_rule("/broken", view_func=broken, endpoint="broken")
        browse = Browse(app)
        mailbox.refuse("bich@example.com")
        fields = {"kind": "individual", "full_name": "Trần Thị Bích", "email": "bich@example.com"}
        browse.submit(
            "/sign-up", {**fields, "password": "sông Hàn lúc nửa đêm", "age_confirmed": "y", "accept_policy": "y"}
        )
        browse.submit("/sign-in", {"email": "bich@example.com", "password": "sông Hàn"})
        for _ in range(6):
            browse.submit("/forgot-password", {"email": "bich@example.com"})
        browse.get("/broken")
        browse.get("/reset-password/a-secret-token")
        with app.app_context():
            app.extensions["queue"].execute(app.extensions["queue"].dequeue())
            db.session.remove()

    logged = "".join(capfd.readouterr())
    assert "page.failed" in logged
    assert "duty.failed" in logged
    for hidden in ("bich", "Bích", "example.com", "sông", "a-secret-token", "127.0.0.1"):
        assert hidden not in logged, hidden


def broken():
    raise ValueError("bich@example.com has the password sông Hàn")


broken.access = "public"


@ON_SQLITE
def test_public_forms_work_with_every_cookie_refused(app, mailbox, work):
    refusing = Browse(app, cookies=False)

    for path in ("/", "/sign-in", "/sign-up", "/cookies", "/forgot-password"):
        assert refusing.get(path).status_code == 200
    reply = refusing.post("/locale", {"csrf_token": token_of(refusing.get("/")), "locale": "vi"})
    assert reply.status_code == 303
