"""Growing delays: who guesses is slowed down, the owner is not locked out, and no parallel try slips through."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.core.throttle import ThrottleDelay, Waiting, delays
from portal.core.throttle.stores import agreed
from tests.support.portals import portal
from tests.support.stores import *  # noqa: F403 (fixtures)

DAY = 86_400
OWNER = "alice@example.com"


@pytest.fixture
def attempt(app):
    """One try; wrong unless `right`. True when it was judged, else the seconds it has to wait."""

    def once(subject=OWNER, *, right=False, device=None, name="password", within=app):
        with within.app_context():
            try:
                tried = delays.attempt(name, subject, device=device)
            except Waiting as wait:
                return wait.retry_after
            if right:
                tried.right()
                db.session.commit()
            return True

    return once


@pytest.fixture
def wait_out(move_clock):
    """Let so many more seconds go by."""
    gone = 0

    def pass_by(seconds):
        nonlocal gone
        gone += seconds
        move_clock(seconds=gone)

    return pass_by


def test_five_wrong_tries_are_free_then_each_wait_is_twice_the_one_before(attempt, wait_out):
    assert [attempt() for _ in range(6)] == [True] * 6

    waits = []
    for _ in range(12):
        waits.append(attempt())
        wait_out(waits[-1])
        assert attempt() is True

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_try_during_the_wait_is_not_judged_and_lengthens_nothing(attempt, wait_out):
    for _ in range(9):
        attempt()
        wait_out(10)
    attempt()

    assert [attempt() for _ in range(50)] == [16] * 50
    wait_out(15)
    assert attempt() == 1
    wait_out(1)
    assert attempt() is True
    assert attempt() == 32


def test_a_right_try_takes_its_count_back_and_the_wait_it_began(attempt, wait_out):
    for _ in range(5):
        attempt()
    for _ in range(10):
        assert attempt(right=True) is True

    assert attempt() is True
    assert attempt() == 1


def test_a_right_try_of_a_stranger_place_forgets_no_wrong_ones(attempt, wait_out):
    for _ in range(10):
        attempt()
        wait_out(20)

    assert attempt(right=True) is True

    attempt()
    assert attempt() == 32


def test_a_day_without_wrong_tries_forgets_them(attempt, wait_out):
    for _ in range(10):
        attempt()
        wait_out(20)
    wait_out(DAY - 120)
    assert attempt() is True
    assert attempt() > 16

    wait_out(DAY + 60)

    assert [attempt() for _ in range(7)] == [True] * 6 + [1]


def test_right_tries_do_not_keep_wrong_ones_in_mind(attempt, wait_out):
    for _ in range(6):
        attempt()
    wait_out(DAY / 2)
    assert attempt(right=True) is True

    wait_out(DAY / 2 + 1)

    assert [attempt() for _ in range(7)] == [True] * 6 + [1]


def test_a_known_device_counts_for_itself_whatever_strangers_do(attempt, wait_out):
    for _ in range(30):
        attempt()

    assert attempt() == 1
    assert attempt(device="Firefox|Windows", right=True) is True


def test_a_right_try_of_a_known_device_forgets_its_wrong_ones(attempt):
    device = "Firefox|Windows"
    for _ in range(5):
        attempt(device=device)

    attempt(device=device, right=True)

    assert [attempt(device=device) for _ in range(7)] == [True] * 6 + [1]


def test_a_known_device_guesses_no_faster_than_a_stranger(attempt):
    assert [attempt(device="Firefox|Windows") for _ in range(7)] == [True] * 6 + [1]


def test_each_account_each_device_and_each_secret_waits_for_itself(attempt):
    for _ in range(6):
        attempt(device="Firefox|Windows")

    assert attempt(device="Firefox|Windows") == 1
    assert attempt(device="Safari|iOS") is True
    assert attempt("bob@example.com", device="Firefox|Windows") is True
    assert attempt(device="Firefox|Windows", name="second-step") is True
    assert attempt() is True


def tried_at_once(attempt, threads):
    together = Barrier(threads)

    def at_once(_):
        together.wait()
        return attempt()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(at_once, range(threads)))


def test_of_parallel_tries_after_a_wait_one_is_judged(attempt, wait_out):
    for _ in range(16):
        attempt()
        wait_out(600)
    wait_out(400)

    answers = tried_at_once(attempt, 24)

    assert len([answer for answer in answers if answer is True]) == 1
    assert min(seconds for seconds in answers if seconds is not True) > 800


def test_parallel_tries_use_up_the_free_ones_like_any_other(attempt):
    began = clock.now()

    answers = tried_at_once(attempt, 24)

    seconds = (clock.now() - began).total_seconds()
    waited_for = sum(2**n <= seconds + 1 for n in range(1, 10))  # on a slow machine a short wait is over meanwhile
    assert 6 <= len([answer for answer in answers if answer is True]) <= 6 + waited_for


def test_two_portals_count_together(attempt, environ):
    with portal(environ) as other:
        assert [attempt(within=other) for _ in range(3)] == [True] * 3
        assert [attempt() for _ in range(3)] == [True] * 3
        assert attempt(within=other) == 1


def test_a_try_stays_counted_when_the_request_fails(app, attempt):
    for _ in range(6):
        with app.app_context():
            delays.attempt("password", OWNER)
            db.session.rollback()

    assert attempt() == 1


def test_what_is_kept_names_nobody(app, attempt, store, request):
    attempt(device="Firefox|Windows|203.0.113.0/24")

    with app.app_context():
        if store == "redis":
            keys = request.getfixturevalue("redis_server").client().keys("portal:throttle:*")
        else:
            keys = list(db.session.scalars(select(ThrottleDelay.key)))

    (key,) = keys
    assert len(key.rpartition(":")[2]) == 64
    assert not any(word in key for word in ("alice", "Firefox", "Windows", "203.0"))


def test_a_refused_try_writes_nothing(app, attempt, statements):
    for _ in range(6):
        attempt()

    with statements() as seen:
        attempt()

    assert [one for one in seen if not one.startswith("SELECT")] == []


def test_rows_end_with_their_age(app, attempt, wait_out):
    attempt()
    wait_out(2.5 * DAY)

    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now()):
            db.session.execute(statement)
        db.session.commit()
        assert db.session.scalar(select(ThrottleDelay)) is None


def test_the_store_is_the_one_that_the_settings_name(app, store):
    with app.app_context():
        used, _counted = agreed().ask(lambda one: one.add("key", clock.now(), seconds=60))

    assert type(used).__name__ == ("InRedis" if store == "redis" else "InDatabase")
