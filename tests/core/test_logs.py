"""Logs: lines that a machine can read and an investigator can follow, and nothing in them that names a person."""

import json
import logging
import sys
from contextlib import contextmanager

import pytest

from portal.core import hashes
from tests.support.browse import Browse
from tests.support.portals import in_production, portal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@contextmanager
def serving(environ):
    """A portal as in production, whose log is JSON; made inside the test, where standard error is its own."""
    with portal(in_production(environ)) as app:
        app.config["SESSION_COOKIE_SECURE"] = False  # the tests' browser speaks http
        app.config["SESSION_COOKIE_NAME"] = "sid"
        yield app


def lines(capfd):
    written = capfd.readouterr().err.splitlines()
    return [json.loads(line) for line in written if line.startswith("{")]


def a_library_says(words, *args, exc_info=None):
    """What reaches Python's own handler of last resort; under pytest others stand before it."""
    record = logging.LogRecord("somebody.elses", logging.WARNING, __file__, 1, words, args, exc_info)
    logging.lastResort.handle(record)


def refusals(capfd):
    return [line for line in lines(capfd) if line["event"] == "request.refused"]


def test_who_opens_what_is_not_theirs_is_in_the_log_without_their_name(capfd, environ, make_customer):
    alice = make_customer().admin
    with serving(environ) as app:
        browse = Browse(app)
        browse.sign_in(alice)
        browse.get("/staff/policies")
        browse.get("/exports/0198c0de-0000-7000-8000-000000000000")

        first, second = refusals(capfd)
        with app.app_context():
            assert first["who"] == second["who"] == hashes.keyed("log", str(alice.id))[:16]
    assert (first["code"], first["page"], first["method"]) == (403, "policy_desk.index", "GET")
    assert (second["code"], second["page"]) == (404, "exports.show")
    assert first["request"] != second["request"]
    assert first["timestamp"].endswith("Z")


def test_a_forged_form_and_too_many_tries_are_in_the_log(capfd, environ):
    with serving(environ) as app:
        browse = Browse(app)
        browse.post("/sign-in", {"email": "bich@example.com", "password": "sông Hàn"})
        for number in range(31):
            browse.submit("/forgot-password", {"email": f"bich{number}@example.com"})

    assert [(line["code"], line["page"]) for line in refusals(capfd)] == [
        (400, "signin.sign_in"),
        (429, "signin.forgot_password"),
    ]


def test_each_try_of_a_password_is_in_the_log_right_or_wrong_without_the_address(capfd, environ, make_customer):
    alice = make_customer(email="alice@example.com").admin
    with serving(environ) as app:
        browse = Browse(app)
        browse.submit("/sign-in", {"email": "alice@example.com", "password": "sông Hàn"})
        browse.sign_in(alice)
        for _ in range(7):
            browse.submit("/confirm-identity", {"password": "sông Hàn"})

    written = lines(capfd)
    tried = [(line["event"], line["secret"]) for line in written if line["event"].startswith("secret.")]
    assert tried[:3] == [("secret.tried", "password"), ("secret.tried", "password"), ("secret.right", "password")]
    assert set(tried[3:]) == {("secret.tried", "proof"), ("secret.not-judged", "proof")}
    assert len({line["who"] for line in written if line.get("secret") == "password"}) == 1
    assert "alice" not in json.dumps(written)


def test_an_address_that_never_was_is_no_attempt_on_anybody(capfd, environ):
    with serving(environ) as app:
        Browse(app).get("/wp-login.php")

    assert refusals(capfd) == []


def test_no_line_can_be_made_to_look_like_two(capfd, environ):
    forged = '{"event": "forged"}'
    with serving(environ) as app:
        Browse(app).get("/reset-password/x%0A%7B%22event%22:%22forged%22%7D")
        Browse(app).post(f"/sign-in?next=%0A{forged}", {"email": f"x\n{forged}\n", "password": f"\n{forged}\n"})
        a_library_says("said\n%s", forged)

    found = lines(capfd)
    assert len(found) == 2
    assert "forged" not in {line["event"] for line in found}


def test_what_a_library_says_has_the_same_form_and_no_words_of_its_errors(capfd, environ):
    with serving(environ):
        try:
            raise ValueError("bich@example.com has the password sông Hàn")
        except ValueError:
            a_library_says("a task failed", exc_info=sys.exc_info())

    (line,) = lines(capfd)
    assert (line["event"], line["level"], line["error"]) == ("a task failed", "warning", "ValueError")
    assert line["timestamp"].endswith("Z")
    assert "bich" not in json.dumps(line)
