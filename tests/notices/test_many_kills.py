"""A real sending to thousands, its workers killed with -9, at a real SMTP server that counts.

`make soak` sends to 10,000 with sixty kills; the suite to fewer, with fewer.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.notices import service
from tests.support import crowd
from tests.support.killing import run_flask, run_worker
from tests.support.processes import worker
from tests.support.sink import Sink

IS_SOAK = bool(os.environ.get("SOAK"))
PEOPLE, KILLS = (10_000, 60) if IS_SOAK else (600, 18)
SIDE_BY_SIDE = 3
LEASE_IS_OVER = 60
STEPS: tuple[str, ...] = ("notice.claimed", "notice.offered", "notice.handed-over", "notice.accepted", "notice.marked")
ANY_MOMENT = "any moment"
STEPS += (ANY_MOMENT,)
WORKER = ("worker", "--until-empty")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


def test_clause_12_3_kills_lose_nobody_and_repeat_no_more_than_is_reported(
    app, environ, people, documents, sink, states, counts, monkeypatch
):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", PEOPLE // 16)
    chance = random.Random(12_3)
    addresses = crowd.make(app, people, PEOPLE)
    odd = chance.sample(addresses, PEOPLE // 20)
    refused, put_off, cut = odd[::4], odd[1::4], odd[2::4]
    sink.rules.refused = dict.fromkeys(refused, "550 5.1.1 No such person")
    sink.rules.rcpt = {address: ["451 4.3.2 Later"] for address in put_off}
    sink.rules.cut_after = {address: chance.random() < 0.5 for address in cut}
    notice = documents.announce()
    given = environ | {"PORTAL_SMTP_URL": sink.url}

    killed = _kill(given, chance, sink)
    run_worker(given, later=LEASE_IS_OVER * (KILLS + 10))
    run_worker(given, later=LEASE_IS_OVER * (KILLS + 1000))
    once_done = sink.ids.total()
    run_worker(given, later=LEASE_IS_OVER * (KILLS + 2000))

    repeated = sink.ids.total() - len(sink.ids)
    reported = counts(notice).possible_duplicates
    lost = len(set(addresses) - set(refused) - set(sink.recipients))
    told = (
        f"{PEOPLE} people, {killed} kills, {sink.cuts} dropped answers, {len(refused)} refused, {len(put_off)} put off"
    )
    print(f"{told}: lost {lost}, repeated {repeated}, reported {reported}")  # noqa: T201 (make soak shows it)
    assert states(notice)[0] == "done"
    assert lost == 0
    assert set(sink.recipients) == set(addresses) - set(refused)
    assert len(sink.ids) == PEOPLE - len(refused)
    assert repeated <= reported <= killed + sink.cuts
    assert max(sink.ids.values()) <= 1 + reported
    assert sink.ids.total() == once_done
    assert (counts(notice).sent, counts(notice).failed) == (PEOPLE - len(refused), len(refused))


def _kill(environ: dict[str, str], chance: random.Random, sink: Sink) -> int:
    """How many workers were killed, several side by side on lanes of their own; the next ones come when leases end."""
    most = max(2, PEOPLE // KILLS - 5)
    runs = [(STEPS[number % len(STEPS)], chance.randint(1, most)) for number in range(KILLS)]
    killed = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for first in range(0, KILLS, SIDE_BY_SIDE):
            later = environ | {"PORTAL_CLOCK_OFFSET": str(LEASE_IS_OVER * first)}
            killed += sum(
                pool.map(lambda run, given=later: _kill_one(given, *run, sink), runs[first : first + SIDE_BY_SIDE])
            )
    return killed


def _kill_one(environ: dict[str, str], step: str, time: int, sink: Sink) -> bool:
    if step != ANY_MOMENT:
        return run_flask(environ, *WORKER, kill_at=step, time=1 if step == "notice.claimed" else time).killed
    before = sink.ids.total()
    with worker("--until-empty", env={**_outside(), **environ}) as process:
        process.wait_until(lambda: sink.ids.total() >= before + time, timeout=60, what="some letters")
        process.kill9()
    return True


def _outside() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
