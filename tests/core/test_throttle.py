"""One throttle, counted where all processes agree; it keeps no address."""

import pytest
from sqlalchemy import select

from portal.core import clock, throttle
from portal.core.database import db
from portal.core.throttle import ThrottleCount, TooOften
from portal.core.throttle.counting import place
from tests.support.portals import portal
from tests.support.stores import *  # noqa: F403 (fixtures)


@pytest.fixture
def count(app, move_clock):
    """Count one act; True when it was allowed. The clock stands at the start of a window."""
    move_clock(hours=1)

    def once(subject="alice@example.com", *, name="guess", within=app):
        with within.app_context():
            try:
                throttle.count(name, subject, limit=3, seconds=600)
            except TooOften:
                return False
            return True

    return once


def test_beyond_the_limit_it_is_too_often_and_later_it_is_not(count, move_clock):
    assert [count() for _ in range(5)] == [True, True, True, False, False]

    move_clock(hours=1, seconds=600)

    assert count()


def test_each_subject_and_each_act_has_its_own_count(count):
    for _ in range(3):
        count()

    assert not count()
    assert count("bob@example.com")
    assert count(name="forgot")


def test_two_processes_count_together(count, environ):
    with portal(environ) as other:
        assert [count(), count(within=other), count(), count(within=other)] == [True, True, True, False]


def test_the_count_says_when_the_window_ends(app, move_clock):
    move_clock(hours=1)
    with app.app_context():
        throttle.count("guess", "alice", limit=1, seconds=60)
        with pytest.raises(TooOften) as stopped:
            throttle.count("guess", "alice", limit=1, seconds=60)

    assert 1 <= stopped.value.retry_after <= 60


def test_a_count_outlives_the_refused_request(app, count):
    for _ in range(3):
        with app.app_context():
            throttle.count("guess", "alice@example.com", limit=3, seconds=600)
            db.session.rollback()

    assert not count()


def test_nobodys_address_is_kept(app, count, store, request):
    count("alice@example.com")

    with app.app_context():
        if store == "redis":
            (key,) = request.getfixturevalue("redis_server").client().keys("portal:throttle:*")
        else:
            key = db.session.scalars(select(ThrottleCount.key)).one()
    assert any(len(part) == 64 for part in key.split(":"))
    assert "alice" not in key


def test_in_redis_a_count_ends_with_its_window(app, count, store, request):
    if store != "redis":
        return
    count()

    client = request.getfixturevalue("redis_server").client()
    (key,) = client.keys("portal:throttle:*")
    assert 0 < client.ttl(key) <= 600


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7"])
def test_an_ipv4_address_counts_for_itself(address):
    assert place(address) == "203.0.113.7"


def test_whoever_has_a_whole_ipv6_network_counts_as_one():
    assert place("2001:db8:1:2::1") == place("2001:db8:1:2:ffff:ffff:ffff:ffff") == "2001:db8:1:2::/64"
    assert place("2001:db8:1:3::1") != place("2001:db8:1:2::1")
    assert place("not an address") == "not an address"


def test_counts_end_with_their_age(app, count, move_clock):
    count()
    move_clock(days=2.5)
    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now()):
            db.session.execute(statement)
        db.session.commit()

        assert db.session.scalar(select(ThrottleCount)) is None
