"""Getting in: the same answer for everybody who may not, and a session that nobody prepared beforehand."""

import re

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.models import Visit
from tests.signin.conftest import ON_SQLITE, signed_in_rows
from tests.support.browse import Browse, token_of
from tests.support.people import PASSWORD

HOSTILE = [
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
]  # more: tests/core/test_web.py


def test_clause_1_1_a_person_gets_in_with_their_password_and_nobody_else_does(app, browse, make_customer):
    alice = make_customer().admin
    assert browse.get("/overview").headers["Location"] == "/sign-in?next=/overview"

    browse.sign_in(alice)

    page = browse.get("/overview")
    assert page.status_code == 200
    assert alice.full_name in page.get_data(as_text=True)
    assert Browse(app).get("/overview").status_code == 303


def test_clause_8_7_a_wrong_password_and_an_unknown_address_get_the_same_answer(app, make_customer):
    alice = make_customer(email="alice@example.com").admin
    replies = [
        Browse(app).submit("/sign-in", {"email": email, "password": password})
        for email, password in [
            (alice.email, "not her password"),
            ("nobody@example.com", PASSWORD),
            ("nobody@example.com", "not a password"),
        ]
    ]

    def seen(reply):
        text = reply.get_data(as_text=True).replace(alice.email, "EMAIL").replace("nobody@example.com", "EMAIL")
        text = re.sub(r'name="csrf_token"[^>]*value="[^"]+"', "TOKEN", text)
        headers = sorted(name for name, value in reply.headers if name != "Content-Length")
        return reply.status_code, headers, text

    assert seen(replies[0]) == seen(replies[1]) == seen(replies[2])
    assert replies[0].status_code == 422
    assert "do not fit together" in replies[0].get_data(as_text=True)
    assert signed_in_rows(app) == 0


def test_the_same_statements_are_sent_for_a_known_and_an_unknown_address(app, make_customer, statements):
    alice = make_customer().admin
    sent = []
    for email in (alice.email, "nobody@example.com"):
        browse = Browse(app)
        token = token_of(browse.get("/sign-in"))
        with statements() as seen:
            browse.post("/sign-in", {"csrf_token": token, "email": email, "password": "not her password"})
        sent.append(list(seen))

    assert sent[0] == sent[1]


def test_somebody_without_a_password_yet_cannot_get_in_with_any(app, browse, make_customer):
    alice = make_customer(password_hash=None).admin

    reply = browse.submit("/sign-in", {"email": alice.email, "password": "nobody has this password"})

    assert reply.status_code == 422
    assert signed_in_rows(app) == 0


def test_an_address_is_known_in_any_case_and_a_password_in_any_keyboards_spelling(browse, make_customer):
    make_customer(email="alice@example.com")
    decomposed = "ba con mèo đi dạo".replace("è", "e\u0300").replace("ạ", "a\u0323")
    assert decomposed != PASSWORD

    reply = browse.submit("/sign-in", {"email": "  Alice@EXAMPLE.com ", "password": decomposed})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")


def test_what_was_typed_stays_but_never_the_password(browse):
    reply = browse.submit("/sign-in", {"email": "nobody@example.com", "password": "a secret typed wrong"})

    text = reply.get_data(as_text=True)
    assert 'value="nobody@example.com"' in text
    assert "a secret typed wrong" not in text


@ON_SQLITE
@pytest.mark.parametrize("fields", [{}, {"email": "alice@example.com"}, {"password": PASSWORD}, {"email": "x"}])
def test_an_unfinished_form_is_a_mistake_beside_its_field(browse, fields):
    reply = browse.submit("/sign-in", fields)

    assert reply.status_code == 422
    assert "field-error" in reply.get_data(as_text=True)


def test_after_signing_in_one_is_where_one_wanted_to_be(browse, make_customer):
    alice = make_customer().admin
    way = browse.get("/security?tab=2").headers["Location"]
    assert way == "/sign-in?next=/security?tab%3D2"

    reply = browse.submit(way, {"email": alice.email, "password": PASSWORD})

    assert reply.headers["Location"] == "/security?tab=2"


@ON_SQLITE
def test_next_never_leads_to_another_site(app, make_customer):
    alice = make_customer().admin
    browse = Browse(app)

    for target in HOSTILE:
        token = token_of(browse.get("/sign-in"))
        reply = browse.post(
            "/sign-in",
            {"csrf_token": token, "email": alice.email, "password": PASSWORD},
            query_string={"next": target},
        )
        assert (reply.status_code, reply.headers["Location"]) == (303, "/overview"), target


def test_a_session_prepared_by_somebody_else_is_not_the_one_signed_in(app, make_customer):
    alice = make_customer().admin
    browse = Browse(app)
    browse.get("/sign-in")
    prepared = browse.client.get_cookie("sid").value

    browse.sign_in(alice)

    attacker = Browse(app)
    attacker.client.set_cookie("sid", prepared)
    assert browse.client.get_cookie("sid").value != prepared
    assert attacker.get("/overview").status_code == 303


def test_signing_in_while_signed_in_replaces_the_session(app, browse, make_customer):
    alice, bob = make_customer().admin, make_customer().admin
    browse.sign_in(alice)
    old = browse.client.get_cookie("sid").value

    browse.sign_in(bob)

    assert bob.full_name in browse.get("/overview").get_data(as_text=True)
    assert signed_in_rows(app) == 1
    replayed = Browse(app)
    replayed.client.set_cookie("sid", old)
    assert replayed.get("/overview").status_code == 303


def test_a_forged_host_leads_nowhere(browse, make_customer):
    alice = make_customer().admin
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    token = token_of(browse.get("/sign-in", headers=forged))
    fields = {"csrf_token": token, "email": alice.email, "password": PASSWORD}

    reply = browse.post("/sign-in", fields, headers=forged)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert "evil.example" not in str(reply.headers) + browse.get("/overview", headers=forged).get_data(as_text=True)


@ON_SQLITE
@pytest.mark.parametrize("token", [None, "", "forged", "foreign"])
def test_a_form_without_its_own_token_is_refused_with_a_clean_page(app, browse, make_customer, token):
    alice = make_customer().admin
    browse.get("/sign-in")
    fields = {"email": alice.email, "password": PASSWORD}
    if token == "foreign":
        fields["csrf_token"] = token_of(Browse(app).get("/sign-in"))
    elif token is not None:
        fields["csrf_token"] = token

    reply = browse.post("/sign-in", fields)

    text = reply.get_data(as_text=True)
    assert reply.status_code == 400
    assert "This form is not valid any more" in text
    assert "Traceback" not in text
    assert signed_in_rows(app) == 0


@ON_SQLITE
def test_without_cookies_signing_in_says_what_is_missing(app, make_customer):
    alice = make_customer().admin
    refusing = Browse(app, cookies=False)

    reply = refusing.submit("/sign-in", {"email": alice.email, "password": PASSWORD})

    assert reply.status_code == 400
    assert "sent no cookie" in reply.get_data(as_text=True)
    assert signed_in_rows(app) == 0


def test_clause_3_3_a_visit_is_kept_with_address_browser_and_system(app, make_customer):
    alice = make_customer().admin
    browse = Browse(app)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"

    browse.post(
        "/sign-in",
        {"csrf_token": token_of(browse.get("/sign-in")), "email": alice.email, "password": PASSWORD},
        headers={"User-Agent": agent},
    )

    with app.app_context():
        visit = db.session.scalars(select(Visit)).one()
        assert (visit.ip, visit.browser, visit.system) == ("127.0.0.1", "Firefox 130", "Windows 10")
        assert (visit.user_id, visit.way) == (alice.id, "password")


@ON_SQLITE
@pytest.mark.parametrize("agent", ["", "\u202e" * 20, "x" * 9000, "<script>alert(1)</script>"])
def test_a_strange_browser_gets_in_all_the_same(app, make_customer, agent):
    alice = make_customer().admin
    browse = Browse(app)

    reply = browse.post(
        "/sign-in",
        {"csrf_token": token_of(browse.get("/sign-in")), "email": alice.email, "password": PASSWORD},
        environ_overrides={"HTTP_USER_AGENT": agent.encode().decode("latin-1")},
    )

    assert reply.status_code == 303
    assert "<script>alert" not in browse.get("/security").get_data(as_text=True)
