"""A mail server that falls silent, or answers slowly, and one that several workers write to at the same time."""

import os
from collections.abc import Iterator

import pytest

from portal.notices import service
from tests.notices.relay import Relay
from tests.support import crowd
from tests.support.killing import run_worker, run_worker_killed_at
from tests.support.processes import Process, worker
from tests.support.sink import Sink

PEOPLE = 60
LEASE_IS_OVER = 60
SLOW = 0.05  # seconds, for each answer
KILLED_AT = 20


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


def test_two_workers_share_the_lanes_of_a_notice_at_the_same_moment(
    app, environ, people, documents, sink, states, counts, monkeypatch
):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", PEOPLE // 6)
    addresses = crowd.make(app, people, PEOPLE)
    notice = documents.announce()

    with Relay(sink, together=2) as relay:
        given = environ | {"PORTAL_SMTP_URL": relay.url}
        with _worker(given) as first, _worker(given) as second:
            codes = {first.wait(timeout=90), second.wait(timeout=90)}

    assert codes == {0}
    assert sink.open_at_most == 2
    assert len(relay.used) >= 2
    assert dict(sink.recipients) == dict.fromkeys(addresses, 1)
    assert states(notice) == ("done", {"sent": PEOPLE})
    assert counts(notice).possible_duplicates == 0


def test_clause_12_3_a_server_that_is_silent_after_a_letter_loses_nobody_and_its_repeat_is_reported(
    app, environ, people, documents, sink, states, counts
):
    addresses = crowd.make(app, people, PEOPLE)
    notice = documents.announce()
    unlucky, seen = addresses[PEOPLE // 2], []

    def take(address: str) -> bool:
        if address == unlucky and not seen:
            relay.fall_silent()  # it has the letter, and will never say so
            seen.append(address)
        return True

    with Relay(sink) as relay:
        sink.rules.ready = take
        run_worker({**environ, "PORTAL_SMTP_URL": relay.url})

    assert dict(sink.recipients) == dict.fromkeys(addresses, 1) | {unlucky: 2}
    assert len(sink.ids) == PEOPLE
    assert len(relay.used) == 2
    assert states(notice) == ("done", {"sent": PEOPLE - 1, "possible-duplicate": 1})
    assert counts(notice).sent == PEOPLE
    assert counts(notice).possible_duplicates == 1


def test_clause_12_3_of_a_slow_server_a_killed_worker_repeats_the_one_letter_it_had_no_answer_for(
    app, environ, people, documents, sink, states, counts
):
    addresses = crowd.make(app, people, PEOPLE)
    notice = documents.announce()

    with Relay(sink, late=SLOW) as relay:
        given = environ | {"PORTAL_SMTP_URL": relay.url}
        run_worker_killed_at(given, "notice.handed-over", time=KILLED_AT)
        run_worker(given, later=LEASE_IS_OVER)

    repeated = [address for address, copies in sink.recipients.items() if copies > 1]
    assert set(sink.recipients) == set(addresses)
    assert len(repeated) == 1
    assert sink.recipients[repeated[0]] == 2
    assert len(sink.ids) == PEOPLE
    assert states(notice) == ("done", {"sent": PEOPLE - 1, "possible-duplicate": 1})
    assert counts(notice).possible_duplicates == 1


def _worker(environ: dict[str, str]) -> Process:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return worker("--until-empty", env={**outside, **environ})
