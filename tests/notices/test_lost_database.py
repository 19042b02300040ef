"""PostgreSQL goes away in the middle of a sending and comes back: nobody is missed, and every repeat is counted.

The server is this file's own. It is asked to end as an administrator does ("fast") or as a fault does ("immediate",
which forgets what it had answered for but not yet written), by the sink, between a letter's end and its answer: so the
worker learns that the letter was taken when there is no database to tell it to.
"""

import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.core.database import db
from portal.notices import service
from portal.notices.models import Delivery, DeliveryState
from portal.serving.children import end_with_parent
from tests.conftest import make_schema
from tests.support import crowd, postgres
from tests.support.killing import run_worker
from tests.support.processes import Process, wait_until, worker
from tests.support.sink import Sink

PEOPLE = 300
LEASE_IS_OVER = 60
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
GONE = "notice.database-gone"


class Database:
    """A server that this test may stop and start again."""

    def __init__(self, server: postgres.Server) -> None:
        self.server = server
        self._data = server.folder / "data"
        self._started: list[subprocess.Popen[bytes]] = []

    def make(self) -> str:
        """A new database; its url. Commits are safe against an immediate stop, unless the portal says otherwise."""
        name = f"t_{uuid4().hex[:12]}"
        url = self.server.create_database(name)
        with self.server.connect() as connection:
            connection.execute(f"alter database {name} set synchronous_commit = on")
        return url

    def stop(self, how: signal.Signals) -> None:
        """Until its last process is gone."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, how)
        os.waitpid(pid, 0)

    def start(self) -> None:
        """As it was started before; until it answers. From the main thread: it ends with the one that started it."""
        command = shlex.split((self._data / "postmaster.opts").read_text())
        owner, parent = self.server.folder.stat(), os.getpid()
        identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.server.folder / "log").open("ab") as output:
            started = subprocess.Popen(
                command,
                cwd="/",
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(parent),
                **identity,
            )
        self._started.append(started)
        wait_until(self.answers, what="an answer from PostgreSQL")

    def answers(self) -> bool:
        try:
            self.server.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def end(self) -> None:
        if self._started and self.answers():
            self.stop(FAST)
        for process in self._started:
            process.wait()


class Outages:
    """The database stops while the server has a letter whole and unanswered, after so many letters each time."""

    def __init__(self, sink: Sink, own: Database, how: signal.Signals, *, after: list[int]) -> None:
        self._sink, self._own, self._how, self._after = sink, own, how, after
        self._is_down = threading.Event()
        self.letters: list[str] = []  # whose letter it was each time
        sink.rules.ready = self._look

    def _look(self, address: str) -> bool:
        if self._after and self._sink.ids.total() >= self._after[0]:
            del self._after[0]
            self._own.stop(self._how)
            self.letters.append(address)
            self._is_down.set()
        return True

    def wait(self) -> None:
        assert self._is_down.wait(timeout=60)
        self._is_down.clear()


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


def _worker(environ: dict[str, str]) -> Process:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return worker("--until-empty", env={**outside, **environ})


def _let_go(app: Flask) -> None:
    """This process's own connections would not outlive the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
