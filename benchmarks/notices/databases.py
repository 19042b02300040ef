"""The two databases, as they are measured: with what an administrator's would do for safety, not a test's shortcuts.

SQLite is the portal's own default (WAL, synchronous=normal). PostgreSQL runs with its own defaults (fsync, full pages,
synchronous_commit=on) but for what the portal asks for on its own connections; only its socket is the test's.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.notices.cores import NotHere
from tests.support import postgres

DEFAULTS = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "128MB"}
TICKS = 100  # of processor time in a second, in /proc


@dataclass(frozen=True)
class Stage:
    """One portal's folder and database."""

    folder: Path
    environ: Mapping[str, str]

    def with_mail_at(self, port: int) -> dict[str, str]:
        """The settings of its processes."""
        return {**self.environ, "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{port}"}


class Sqlite:
    """A file in each portal's own folder."""

    name = "SQLite"
    version = sqlite3.sqlite_version

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new(self, label: str) -> Stage:
        """A portal with nothing in it yet."""
        folder = self.folder / f"sqlite-{label}"
        folder.mkdir()
        return Stage(folder, {"PORTAL_INSTANCE_PATH": str(folder)})

    def copy(self, stage: Stage, label: str) -> Stage:
        """A portal like `stage`, which nobody has open."""
        folder = self.folder / f"sqlite-{label}"
        shutil.copytree(stage.folder, folder)
        return Stage(folder, {"PORTAL_INSTANCE_PATH": str(folder)})

    def drop(self, stage: Stage) -> None:
        shutil.rmtree(stage.folder)

    def ask(self, stage: Stage, question: str) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with contextlib.closing(sqlite3.connect(stage.folder / "portal.sqlite3", timeout=30)) as connection:
            return connection.execute(question).fetchall()

    def cpu(self) -> float:
        """Processor time of the database's own processes so far: it has none."""
        return 0.0


class Postgres:
    """A database for each portal on one server."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, server: postgres.Server) -> None:
        self.folder, self.server = folder, server
        with server.connect() as connection:
            self.version = str(connection.info.parameter_status("server_version"))

    def new(self, label: str) -> Stage:
        folder = self.folder / f"postgres-{label}"
        folder.mkdir()
        return self._stage(folder, self.server.create_database(self._named(label)))

    def copy(self, stage: Stage, label: str) -> Stage:
        folder = self.folder / f"postgres-{label}"
        shutil.copytree(stage.folder, folder)
        template = stage.folder.name.replace("-", "_")
        return self._stage(folder, self.server.create_database(self._named(label), template=template))

    def drop(self, stage: Stage) -> None:
        self.server.drop_database(stage.folder.name.replace("-", "_"))
        shutil.rmtree(stage.folder)

    def ask(self, stage: Stage, question: str) -> list[tuple[Any, ...]]:
        with self.server.connect(stage.folder.name.replace("-", "_")) as connection:
            return connection.execute(question.encode()).fetchall()

    def cpu(self) -> float:
        """Processor time of the server with all its processes so far, in seconds."""
        master = int((self.server.folder / "data/postmaster.pid").read_text().split()[0])
        theirs = [stat for stat in _stats() if int(stat[1]) == master]
        own = [stat for stat in _stats() if int(stat[-1]) == master]
        ended = sum(int(part) for stat in own for part in stat[13:15])
        return (ended + sum(int(part) for stat in (*theirs, *own) for part in stat[11:13])) / TICKS

    def _named(self, label: str) -> str:
        return f"postgres_{label.replace('-', '_')}"

    def _stage(self, folder: Path, url: str) -> Stage:
        return Stage(folder, {"PORTAL_INSTANCE_PATH": str(folder), "PORTAL_DATABASE_URL": url})


Database = Sqlite | Postgres


def _stats() -> Iterator[list[str]]:
    """The fields of each process from its state on (proc(5)), and its id at the end."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended just now
            yield [*file.read_text().rpartition(")")[2].split(), file.parent.name]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[list[Database]]:
    """Both databases. Raises NotHere."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.dict(postgres.SETTINGS, DEFAULTS))
        try:
            server = stack.enter_context(postgres.running())
        except postgres.Unavailable as unavailable:
            raise NotHere(str(unavailable)) from unavailable
        yield [Sqlite(folder), Postgres(folder, server)]
