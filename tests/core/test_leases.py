"""Leased rows: claimed by one, held while worked on, given back when a worker dies, never lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Duty, Hopeless, LeaseLost, TryLater, claim, default_backoff, put_back
from portal.mailer.models import Letter, LetterState

REST = {"user_id": None, "name": "room/letter", "address": "alice@example.com", "locale": "en"}


def nothing(lease, resource):
    raise AssertionError("these tests claim by hand")


DUTY = Duty(model=Letter, perform=nothing, lease_seconds=60, max_attempts=3)


@pytest.fixture
def promise(app):
    """A row that promises work, at a time."""

    def make(*, minutes=0):
        row = Letter(subject="s", text="t", html="h", created_at=clock.now(), **REST)
        row.promise(at=clock.now() + timedelta(minutes=minutes))
        db.session.add(row)
        db.session.commit()
        return row.id

    with app.app_context():
        yield make
        db.session.rollback()


def row_of(letter_id):
    db.session.rollback()
    return db.session.get_one(Letter, letter_id, populate_existing=True)


def test_a_row_is_claimed_by_one_worker_only(promise):
    letter = promise()

    first, second = claim(DUTY), claim(DUTY)

    assert first.id == letter
    assert second is None


def test_the_row_that_waited_longest_comes_first_and_the_future_waits(promise):
    later, early, future = promise(minutes=-1), promise(minutes=-5), promise(minutes=5)

    assert [claim(DUTY).id, claim(DUTY).id, claim(DUTY)] == [early, later, None]
    assert row_of(future).attempts == 0


def test_when_a_worker_dies_another_one_claims_its_row_and_the_dead_one_may_not_finish(promise, move_clock):
    letter = promise()
    dead = claim(DUTY)
    move_clock(seconds=59)
    assert claim(DUTY) is None
    move_clock(seconds=65)

    other = claim(DUTY)

    assert other.id == letter
    assert row_of(letter).attempts == 2
    with pytest.raises(LeaseLost):
        dead.renew()
    with pytest.raises(LeaseLost):
        dead.complete(state=LetterState.SENT)
    other.complete(state=LetterState.SENT)
    db.session.commit()
    assert row_of(letter).state == LetterState.SENT


def test_renewing_holds_on_and_writes_progress(promise, move_clock):
    letter = promise()
    lease = claim(DUTY)
    for seconds in (40, 80, 120):
        move_clock(seconds=seconds)
        lease.renew(subject=f"at {seconds}")
        assert claim(DUTY) is None

    assert row_of(letter).subject == "at 120"


def test_completing_ends_the_promise_with_the_result_in_one_transaction(promise):
    letter = promise()
    lease = claim(DUTY)

    lease.complete(state=LetterState.SENT)
    db.session.rollback()
    assert row_of(letter).due_at is not None
    lease.complete(state=LetterState.SENT)
    db.session.commit()

    row = row_of(letter)
    assert (row.due_at, row.leased_by, row.leased_until, row.attempts) == (None, None, None, 0)
    assert claim(DUTY) is None


def test_a_promise_that_was_withdrawn_stops_its_worker(promise):
    letter = promise()
    lease = claim(DUTY)
    row_of(letter).withdraw_promise()
    db.session.commit()

    with pytest.raises(LeaseLost):
        lease.renew()


def test_a_failure_is_tried_again_later_each_time_later(promise, move_clock):
    letter = promise()
    waits = []
    for _ in range(2):
        lease = claim(DUTY)
        put_back(DUTY, lease, TryLater())
        row = row_of(letter)
        waits.append(round((row.due_at - clock.now()).total_seconds()))
        assert claim(DUTY) is None
        move_clock(seconds=40)

    assert waits == [30, 60]


def test_waits_double_up_to_half_an_hour():
    assert [default_backoff(n).total_seconds() for n in (1, 2, 3, 4, 7, 50)] == [30, 60, 120, 240, 1800, 1800]


@pytest.mark.parametrize(("error", "attempts"), [(Hopeless(), 1), (ValueError("alice@example.com"), 3)])
def test_a_row_that_is_hopeless_or_failed_too_often_is_dead_and_seen(promise, move_clock, error, attempts):
    letter = promise()
    last_words = []
    duty = Duty(model=Letter, perform=nothing, max_attempts=3, on_dead=last_words.append)
    for n in range(attempts):
        assert last_words == []
        move_clock(hours=n)
        put_back(duty, claim(duty), error)

    row = row_of(letter)
    assert row.dead_at is not None
    assert (row.due_at, row.failure, last_words) == (None, type(error).__name__, [letter])


def test_the_failure_says_what_kind_and_nothing_of_a_person(promise):
    letter = promise()
    cause = TryLater("alice@example.com")
    cause.__cause__ = ConnectionRefusedError("alice@example.com")

    put_back(DUTY, claim(DUTY), cause)

    assert row_of(letter).failure == "ConnectionRefusedError"


def test_who_lost_the_lease_puts_nothing_back(promise, move_clock):
    letter = promise()
    lost = claim(DUTY)
    move_clock(seconds=65)
    claim(DUTY).complete(state=LetterState.SENT)
    db.session.commit()

    put_back(DUTY, lost, TryLater())

    assert db.session.scalar(select(Letter.due_at).where(Letter.id == letter)) is None
