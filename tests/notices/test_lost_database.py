"""A lane loses its database, or its whole machine, in the middle of a sending: nobody is missed, repeats are counted.

The PostgreSQL is this file's own. It is asked to end as an administrator does ("fast") or as a fault does
("immediate"), by the sink, between a letter's end and its answer: so the worker learns that the letter was taken when
there is no database to tell it to.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from portal.core.database import db
from portal.notices import service
from portal.notices.engine import marking, pens
from portal.notices.engine.acceptances import Acceptances
from portal.notices.engine.pens import WINDOW
from portal.notices.models import Delivery, DeliveryState, Lane, Notice
from tests.conftest import make_schema
from tests.notices.own_postgres import FAST, IMMEDIATE, Database, Outages
from tests.support import crowd, postgres
from tests.support.killing import run_worker
from tests.support.processes import Process, worker
from tests.support.sink import Sink

PEOPLE = 300
LEASE_IS_OVER = 60
GONE = "notice.database-gone"


@pytest.fixture(scope="module")
def own() -> Iterator[Database]:
    try:
        with ExitStack() as stack:
            database = Database(stack.enter_context(postgres.running()))
            stack.callback(database.end)
            yield database
    except postgres.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


@pytest.fixture
def environ(own: Database, sink: Sink, tmp_path: Path, secrets_template: Path) -> dict[str, str]:
    instance = tmp_path / "instance"
    shutil.copytree(secrets_template, instance / "secrets")
    settings = {"PORTAL_INSTANCE_PATH": str(instance), "PORTAL_SMTP_URL": sink.url, "PORTAL_DATABASE_URL": own.make()}
    make_schema(settings)
    return settings


@pytest.mark.parametrize("how", [FAST, IMMEDIATE], ids=["fast", "immediate"])
def test_clause_12_3_a_database_that_stops_twice_loses_nobody_and_what_repeats_is_reported(
    app, environ, own, people, documents, sink, states, counts, monkeypatch, how
):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", PEOPLE // 6)
    addresses = crowd.make(app, people, PEOPLE)
    notice = documents.announce()
    _let_go(app)

    outages = Outages(sink, own, how, after=[PEOPLE // 4, PEOPLE // 2])
    with _worker(environ) as first, _worker(environ) as second:
        for _ in range(2):
            outages.wait()
            own.start()
        first.wait(timeout=90)
        second.wait(timeout=90)
        said = first.output + second.output
    run_worker(environ, later=LEASE_IS_OVER)

    assert GONE in said
    assert set(sink.recipients) == set(addresses)
    assert sink.ids.total() - len(sink.ids) <= counts(notice).possible_duplicates
    assert len(sink.ids) == PEOPLE
    assert states(notice)[0] == "done"
    assert counts(notice).sent == PEOPLE


@pytest.mark.parametrize("how", [FAST, IMMEDIATE], ids=["fast", "immediate"])
def test_what_the_server_took_while_the_database_was_away_is_written_once_it_is_back(
    app, environ, own, people, documents, sink, states, counts, how
):
    addresses = crowd.make(app, people, 100)
    notice = documents.announce()
    _let_go(app)

    outages = Outages(sink, own, how, after=[70])
    with _worker(environ) as process:
        outages.wait()
        process.wait_until(lambda: GONE in process.output, timeout=60, what="the loss noticed")
        own.start()
        code = process.wait(timeout=90)

    assert code == 0, process.output
    assert outages.letters[0] in addresses
    assert dict(sink.recipients) == dict.fromkeys(addresses, 1)
    assert states(notice) == ("done", {DeliveryState.SENT: 100})
    assert counts(notice).possible_duplicates == 0
    with app.app_context():
        assert not db.session.scalars(db.select(Delivery.id).where(Delivery.sent_at.is_(None))).all()


def test_of_a_lane_whose_machine_is_lost_the_connection_is_ended_and_a_whole_window_is_in_doubt(
    app, people, documents, sendings, counts
):
    crowd.make(app, people, 30)
    notice = documents.announce()
    held = sendings.take(notice)

    with app.app_context():
        lane_id, row = _lane_of(notice)
        dead = Acceptances(lane_id, row)
        dead.add(held[0])
        marking.recover(lane_id)
        is_still_there = pens.end_backend(lane_id)
        dead.close()

    assert not is_still_there
    assert counts(notice).possible_duplicates == 1 + WINDOW
    assert _interrupted(app, notice) == [0] + [1] * (1 + WINDOW) + [0] * (29 - 1 - WINDOW)


def test_of_a_lane_that_died_with_its_connection_one_letter_is_in_doubt(app, people, documents, sendings, counts):
    crowd.make(app, people, 30)
    notice = documents.announce()
    held = sendings.take(notice)

    with app.app_context():
        lane_id, row = _lane_of(notice)
        dead = Acceptances(lane_id, row)
        dead.add(held[0])
        dead.close()
        marking.recover(lane_id)

    assert counts(notice).possible_duplicates == 1
    assert _interrupted(app, notice) == [0, 1] + [0] * 28


def test_a_lane_that_comes_back_counts_what_another_one_sent_meanwhile(app, people, documents, sendings, counts):
    crowd.make(app, people, 30)
    notice = documents.announce()
    held = sendings.take(notice)

    with app.app_context():
        lane_id, row = _lane_of(notice)
        thought_dead, other = Acceptances(lane_id, row), Acceptances(lane_id, row)
        thought_dead.add(held[0])
        marking.recover(lane_id)
        again = sendings.take(notice)
        other.add(again[0])
        other.close()
        thought_dead.add(held[1])
        thought_dead.close()

    assert again[0].id == held[1].id
    assert counts(notice).possible_duplicates == 1 + WINDOW + 1
    assert _interrupted(app, notice)[:3] == [0, 2, 1]


def _lane_of(notice_id: UUID) -> tuple[UUID, Notice]:
    """The only lane of a notice, and the notice."""
    lane_id = db.session.scalars(db.select(Lane.id).where(Lane.notice_id == notice_id)).one()
    return lane_id, db.session.get_one(Notice, notice_id)


def _interrupted(app: Flask, notice_id: UUID) -> list[int]:
    """How often each letter may have been repeated, in the order of ids."""
    with app.app_context():
        found = db.select(Delivery.interrupted).where(Delivery.notice_id == notice_id).order_by(Delivery.id)
        return list(db.session.scalars(found))


def _worker(environ: dict[str, str]) -> Process:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return worker("--until-empty", env={**outside, **environ})


def _let_go(app: Flask) -> None:
    """This process's own connections would not outlive the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
