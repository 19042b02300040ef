"""A long sending leaves its worker the threads that a letter needs."""

import os
from collections.abc import Iterator

import pytest

from portal.core import clock
from portal.core.database import db
from portal.mailer.models import Letter
from portal.notices import service
from portal.notices.engine import claiming, sending
from portal.work.seats import Seats
from portal.work.worker import THREADS
from tests.support import crowd
from tests.support.processes import worker
from tests.support.sink import Sink

BINH = "binh@example.com"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


def test_a_letter_goes_out_while_lanes_wait_for_a_slow_server(app, environ, people, documents, sink, monkeypatch):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", 1)
    readers = set(crowd.make(app, people, service.LANES * claiming.SMALLEST))  # a chunk for each lane
    sink.rules.ready = lambda address: address not in readers
    documents.announce()

    with worker(env={**os.environ, **environ, "PORTAL_SMTP_URL": sink.url}) as process:
        process.wait_until(lambda: sink.open_now >= sending.LANES_AT_ONCE, timeout=60, what="lanes at work")
        with app.app_context():
            letter = Letter(name="signin/code", address=BINH, locale="en", subject="Code", text="1", html="<p>1</p>")
            letter.created_at = clock.now()
            letter.promise()
            db.session.add(letter)
            db.session.commit()

        process.wait_until(lambda: sink.recipients[BINH], timeout=60, what="the letter")
        process.kill9()

    assert sink.open_at_most <= sending.LANES_AT_ONCE + 4


def test_no_duty_takes_every_thread(app):
    limits = [duty.at_once for duty in app.extensions["duties"].values() if duty.at_once]

    assert limits
    assert max(limits) <= THREADS - 4


def test_who_is_turned_away_is_told_of_by_who_leaves():
    seats = Seats({"lane": 2, "letter": None})

    taken = [seats.take("lane") for _ in range(3)]
    left = [seats.leave("lane"), seats.leave("lane")]

    assert taken == [True, True, False]
    assert left == [True, False]
    assert all(seats.take("letter") for _ in range(50))
