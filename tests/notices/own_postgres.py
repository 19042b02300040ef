"""A PostgreSQL that a test may stop and start again, and outages at a moment that the mail server chooses."""

import os
import shlex
import signal
import subprocess
import threading
from uuid import uuid4

import psycopg

from portal.serving.children import end_with_parent
from tests.support import postgres
from tests.support.processes import wait_until
from tests.support.sink import Sink

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""How PostgreSQL is asked to end; "immediate" forgets what it has answered for but not yet written."""


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
