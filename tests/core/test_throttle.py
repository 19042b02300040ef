"""One throttle, counted where all processes agree; it keeps no address."""

import pytest
from sqlalchemy import select

from portal.core import clock, throttle
from portal.core.database import db
from portal.core.throttle import ThrottleCount, TooOften
from tests.support.portals import portal


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


def test_a_count_outlives_the_refused_request(app, move_clock):
    with app.app_context():
        throttle.count("guess", "alice", limit=2, seconds=600)
        db.session.rollback()
        assert db.session.scalar(select(ThrottleCount.count)) == 1


def test_nobodys_address_is_kept(app, count):
    count("alice@example.com")

    with app.app_context():
        row = db.session.scalars(select(ThrottleCount)).one()
        assert len(row.key) == 64
        assert "alice" not in row.key


def test_counts_end_with_their_age(app, count, move_clock):
    count()
    move_clock(days=2.5)
    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now()):
            db.session.execute(statement)
        db.session.commit()

        assert db.session.scalar(select(ThrottleCount)) is None
