"""What is half done in a browser can be finished there, once, in time, and nowhere else."""

from flask import Flask, session
from sqlalchemy import func, select

from portal.core.database import db
from portal.signin import handshakes
from portal.signin.models import Handshake, HandshakeKind

GOING = HandshakeKind.PROVIDER


class Browser:
    """A browser's cookie, kept from one request to the next."""

    def __init__(self, app: Flask) -> None:
        self.app, self.cookie = app, {}

    def __enter__(self) -> "Browser":
        self.context = self.app.test_request_context()
        self.context.push()
        session.update(self.cookie)
        return self

    def __exit__(self, *error: object) -> None:
        db.session.commit()
        self.cookie = dict(session)
        self.context.pop()


def test_what_was_begun_is_finished_once(app):
    browser = Browser(app)
    with browser:
        handshakes.begin(GOING, minutes=10, key="state", data={"nonce": "n"})

    with browser:
        assert handshakes.take(GOING, "state") == {"nonce": "n"}
        assert handshakes.take(GOING, "state") is None


def test_another_browser_cannot_finish_it(app):
    with Browser(app):
        handshakes.begin(GOING, minutes=10, key="state")

    with Browser(app):
        assert handshakes.take(GOING, "state") is None
        handshakes.begin(GOING, minutes=10, key="another")
        assert handshakes.take(GOING, "state") is None


def test_too_late_is_too_late(app, move_clock):
    browser = Browser(app)
    with browser:
        handshakes.begin(GOING, minutes=10, key="state")
    move_clock(seconds=601)

    with browser:
        assert handshakes.find(GOING, "state") is None
        assert handshakes.take(GOING, "state") is None


def test_one_kind_does_not_stand_for_another(app):
    with Browser(app):
        handshakes.begin(GOING, minutes=10, key="same")

        assert handshakes.take(HandshakeKind.PASSKEY, "same") is None


def test_forty_starts_leave_ten_rows_and_one_small_secret(app):
    browser = Browser(app)
    sizes = []
    for number in range(40):
        with browser:
            handshakes.begin(GOING, minutes=10, key=f"state {number}")
        sizes.append(len(str(browser.cookie)))

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Handshake)) == 10
    assert len(set(sizes)) == 1
    with browser:
        assert handshakes.find(GOING, "state 39") is not None
        assert handshakes.find(GOING, "state 29") is None


def test_the_same_thing_begun_again_replaces_the_first(app):
    with Browser(app):
        handshakes.begin(HandshakeKind.SECOND_STEP, minutes=10, data={"turn": 1})
        handshakes.begin(HandshakeKind.SECOND_STEP, minutes=10, data={"turn": 2})

        assert handshakes.take(HandshakeKind.SECOND_STEP) == {"turn": 2}
        assert handshakes.take(HandshakeKind.SECOND_STEP) is None


def test_tries_are_counted_before_they_are_judged(app):
    with Browser(app):
        handshakes.begin(HandshakeKind.SECOND_STEP, minutes=10)

        tries = [handshakes.count_try(HandshakeKind.SECOND_STEP, most=3) for _ in range(4)]

        assert [bool(one) for one in tries] == [True, True, True, False]


def test_without_a_cookie_nothing_is_found(app):
    with Browser(app):
        assert handshakes.known_browser_hash() is None
        assert handshakes.find(GOING, "state") is None
