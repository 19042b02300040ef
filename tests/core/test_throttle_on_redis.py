"""Redis as the place where all processes count: real ones count together, and its death changes who counts, no more."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.core.throttle import ThrottleCount, ThrottleDelay, TooOften, count, delays
from portal.core.throttle.stores import ASK_AGAIN
from portal.pages import doctor
from tests.support import redis
from tests.support.portals import portal
from tests.support.processes import web

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
FIELDS = {"email": "alice@example.com", "password": "a guess"}


class Guesser:
    """Somebody with a browser at one of the portal's processes."""

    def __init__(self, address):
        self.address = address
        self.open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy()))
        ).open

    def guess(self):
        """Try a password; the status of the answer."""
        page = self.open(self.address + "/sign-in").read().partition(b'id="main"')[2]
        token = TOKEN.findall(page)[0].decode()
        form = urllib.parse.urlencode({**FIELDS, "csrf_token": token}).encode()
        try:
            return self.open(self.address + "/sign-in", form).status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def server():
    try:
        with redis.running() as running:
            yield running
    except redis.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def on_redis(environ, server):
    return environ | {"PORTAL_QUEUE_URL": server.url}


def hit(app):
    """Count one act of three that are allowed; True when it was."""
    with app.app_context():
        try:
            count("guess", "alice", limit=3, seconds=600)
        except TooOften:
            return False
        return True


def test_two_real_processes_count_together_and_go_on_when_redis_is_killed(app, on_redis, server):
    with web(env=on_redis) as (_one, first), web(env=on_redis) as (_other, second):
        guessers = [Guesser(first), Guesser(second)]

        together = [guessers[n % 2].guess() for n in range(12)]
        with app.app_context():
            assert db.session.scalar(select(ThrottleDelay)) is None  # Redis counts
        server.kill()
        without = [guessers[n % 2].guess() for n in range(6)]

    assert together[:6] == [422] * 6
    assert 429 in together[6:]  # neither process has judged more than six, so both know of both
    assert without == [422] * 6
    with app.app_context():
        assert db.session.scalar(select(ThrottleDelay.failures)) == 6


def test_while_redis_is_down_the_door_is_neither_open_nor_shut(on_redis, server, move_clock):
    with portal(on_redis) as app:
        move_clock(hours=1)
        assert hit(app)
        server.kill()

        assert [hit(app) for _ in range(4)] == [True, True, True, False]


def test_redis_that_is_back_counts_again(on_redis, server, move_clock):
    with portal(on_redis) as app:
        move_clock(hours=1)
        server.kill()
        hit(app)
        with redis.running(server.port) as again:
            hit(app)
            assert again.client().keys() == []  # not asked again at once

            move_clock(hours=1, seconds=ASK_AGAIN.total_seconds() + 1)
            hit(app)

            assert len(again.client().keys("portal:throttle:*")) == 1


@ON_SQLITE
def test_its_death_is_one_line_in_the_log(on_redis, server, capfd):
    with portal(on_redis) as app:
        server.kill()

        for _ in range(5):
            hit(app)

    logged = "".join(capfd.readouterr())
    assert logged.count("throttle.redis_down") == 1
    assert str(server.port) not in logged


@ON_SQLITE
def test_a_redis_that_refuses_to_write_is_as_good_as_dead(on_redis, server):
    with portal(on_redis) as app:
        client = server.client()
        client.config_set("maxmemory", "1")

        assert hit(app)

        with app.app_context():
            assert db.session.scalar(select(ThrottleCount.count)) == 1


@ON_SQLITE
def test_a_right_try_is_right_though_redis_died_while_it_was_judged(on_redis, server):
    with portal(on_redis) as app, app.app_context():
        tried = delays.attempt("password", "alice@example.com")
        server.kill()

        tried.right()
        db.session.commit()


@ON_SQLITE
def test_the_doctor_tells_where_the_throttle_counts_and_when_it_does_not(environ, on_redis, server):
    def finding(settings):
        with portal(settings) as app, app.app_context():
            return next(found for found in doctor.look_at_throttle())

    assert finding(environ).says == "ok (database)"
    assert finding(on_redis).says == "ok (redis)"
    server.kill()
    down = finding(on_redis)
    assert not down.is_ok
    assert "the database counts meanwhile" in down.says
