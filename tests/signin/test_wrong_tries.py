"""Wrong passwords: each next try waits longer, alike for known and unknown addresses."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.signin.conftest import ON_SQLITE, signed_in_rows
from tests.support.browse import Browse, token_of
from tests.support.devices import CAFE, HOME, browser_at
from tests.support.people import PASSWORD
from tests.support.portals import portal

SPELLINGS = ["alice@example.com", "ALICE@example.com ", "alice@EXAMPLE.com", "alice\u200b@example.com"]


def wrong_tries(app, times, move_clock):
    """Somebody guesses every quarter of an hour, in many spellings; the last answer."""
    attacker = browser_at(app, CAFE)
    for n in range(times):
        move_clock(hours=1, seconds=1000 * n)
        fields = {"email": SPELLINGS[n % 4], "password": f"guess number {n}"}
        reply = attacker.submit("/sign-in", fields)
        assert reply.status_code == 422, n
    return reply


def test_after_wrong_tries_one_waits_and_the_page_says_until_when_and_what_is_open(app, make_customer, move_clock):
    make_customer(email="alice@example.com")
    wrong_tries(app, 13, move_clock)

    reply = browser_at(app, CAFE).submit("/sign-in", {"email": "alice@example.com", "password": "one more"})

    page = reply.get_data(as_text=True)
    assert reply.status_code == 429
    assert 60 < int(reply.headers["Retry-After"]) <= 128
    assert re.search(r"Please wait [23] minutes, until \d+:\d\d:\d\d", page)
    assert "The other ways in below are open meanwhile" in page
    assert 'href="/forgot-password"' in page
    assert 'value="alice@example.com"' in page
    assert "one more" not in page


def test_the_wait_is_told_in_vietnamese_too(app, make_customer, move_clock):
    make_customer(email="alice@example.com")
    wrong_tries(app, 14, move_clock)

    fields = {"email": "alice@example.com", "password": "one more"}
    page = browser_at(app, CAFE, language="vi").submit("/sign-in", fields).get_data(as_text=True)

    assert re.search(r"Vui lòng đợi \d phút, đến \d+:\d\d:\d\d", page)


def test_whoever_waits_learns_nothing_and_waits_no_longer_for_knocking(app, make_customer, move_clock):
    make_customer(email="alice@example.com")
    wrong_tries(app, 16, move_clock)
    attacker = browser_at(app, CAFE)

    replies = [
        attacker.submit("/sign-in", {"email": "alice@example.com", "password": password})
        for password in ["wrong", PASSWORD, "wrong"]
    ]

    assert [reply.status_code for reply in replies] == [429] * 3
    assert signed_in_rows(app) == 0
    waits = [int(reply.headers["Retry-After"]) for reply in replies]
    assert waits == sorted(waits, reverse=True)
    move_clock(hours=1, seconds=1000 * 15 + 901)
    attacker.submit("/sign-in", {"email": "alice@example.com", "password": PASSWORD})
    assert signed_in_rows(app) == 1


def test_clause_8_7_an_unknown_address_waits_just_the_same(app, make_customer, move_clock):
    make_customer(email="alice@example.com")
    wrong_tries(app, 12, move_clock)
    for n in range(12):
        move_clock(hours=1, seconds=1000 * n)
        reply = browser_at(app, CAFE).submit("/sign-in", {"email": "nobody@example.com", "password": "a guess"})
        assert reply.status_code == 422

    known, unknown = (
        browser_at(app, CAFE).submit("/sign-in", {"email": email, "password": "a guess"})
        for email in ("alice@example.com", "nobody@example.com")
    )

    def seen(reply):
        text = reply.get_data(as_text=True).replace("nobody@", "alice@")
        text = re.sub(r'name="csrf_token"[^>]*value="[^"]+"|\d+:\d\d:\d\d|wait \d+', "", text)
        return reply.status_code, sorted(reply.headers.keys()), text

    assert seen(known) == seen(unknown)
    assert known.status_code == 429


def test_of_parallel_guesses_no_more_are_judged_than_one_after_the_other(app, make_customer, move_clock):
    make_customer(email="alice@example.com")
    wrong_tries(app, 16, move_clock)
    move_clock(hours=1, seconds=1000 * 15 + 901)
    attackers = [browser_at(app, CAFE) for _ in range(8)]
    tokens = [token_of(one.get("/sign-in")) for one in attackers]
    together = Barrier(len(attackers))

    def guess(attacker, token):
        together.wait()
        fields = {"csrf_token": token, "email": "alice@example.com", "password": "a guess"}
        return attacker.post("/sign-in", fields).status_code

    with ThreadPoolExecutor(len(attackers)) as threads:
        statuses = list(threads.map(guess, attackers, tokens))

    assert sorted(statuses) == [422] + [429] * 7


def test_who_signs_in_right_is_never_asked_to_wait(app, make_customer):
    alice = make_customer().admin

    for _ in range(12):
        browser_at(app, HOME).sign_in(alice)
        browser_at(app, CAFE).sign_in(alice)


@ON_SQLITE
def test_one_password_tried_on_many_accounts_is_stopped_whatever_the_proxy_header_says(browse):
    token = token_of(browse.get("/sign-in"))

    replies = [
        browse.post(
            "/sign-in",
            {"csrf_token": token, "email": f"person{n}@example.com"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        )
        for n in range(101)
    ]

    assert [reply.status_code for reply in replies[-2:]] == [422, 429]


@ON_SQLITE
def test_behind_a_trusted_proxy_each_visitor_counts_for_themselves(environ):
    with portal(environ | {"PORTAL_TRUSTED_PROXIES": "1"}) as app, app.app_context():
        browse = Browse(app)
        token = token_of(browse.get("/sign-in"))
        for n in range(101):
            reply = browse.post(
                "/sign-in",
                {"csrf_token": token, "email": f"person{n}@example.com"},
                headers={"X-Forwarded-For": f"10.0.0.1, 10.0.0.{n}"},
            )

    assert reply.status_code == 422
