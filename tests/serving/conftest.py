"""A very small portal to serve: the commands and the page that the parent needs, and a diary of them."""

import json
import os
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ROOT, Process, wait_until

SMALL_PORTAL = """
import os, signal, sqlite3, sys, threading
from pathlib import Path
from flask import Flask

app = Flask(__name__)
instance = Path(os.environ["PORTAL_INSTANCE_PATH"])
with open("diary", "a") as diary:
    diary.write(" ".join(sys.argv[1:3]) + "\\n")


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/settings")
def settings():
    return {name: value for name, value in os.environ.items() if name.startswith("PORTAL_")}


@app.cli.group()
def db():
    pass


def wait_for_sigterm():
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    Path("waiting").write_text(str(os.getpid()))
    done.wait()
    Path("asked").touch()


@db.command()
def upgrade():
    if Path("hang").exists():
        wait_for_sigterm()
    if Path("broken").exists():
        sys.exit("The table is not empty.")
    with sqlite3.connect(instance / "portal.sqlite3") as database:
        database.execute("create table if not exists alembic_version (version_num)")
        database.execute("delete from alembic_version")
        database.execute("insert into alembic_version values (?)", (Path("head").read_text(),))


@app.cli.command()
def worker():
    wait_for_sigterm()
"""
DEMO = """

import click


@app.cli.command()
@click.option("--if-empty", is_flag=True)
def demo(if_empty):
    (instance / "demo.txt").write_text("lan@example.com: a password\\n")
"""


@dataclass
class House:
    """A folder with a small portal in it, and ways to start and ask it."""

    folder: Path
    stack: ExitStack
    settings: dict[str, str] = field(default_factory=dict)

    def migration(self, revision: str, *, after: str | None = None) -> None:
        versions = self.folder / "migrations/versions"
        versions.mkdir(parents=True, exist_ok=True)
        text = f'revision: str = "{revision}"\ndown_revision: str | None = {after!r}\n'
        (versions / f"{revision}.py").write_text(text)
        (self.folder / "head").write_text(revision)

    def start(self, **settings: str) -> Process:
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        env = {**inherited, "PYTHONPATH": str(ROOT), "PORT": "0", **settings}
        return self.stack.enter_context(Process("-m", "portal.serving", env=env, cwd=self.folder))

    def started(self, **settings: str) -> Process:
        """Started, serving, and with its worker at work."""
        waiting = self.folder / "waiting"
        waiting.unlink(missing_ok=True)
        process = self.start(**settings)
        process.wait_until(lambda: "Ctrl-C to stop" in process.output, what="the banner")
        process.wait_until(waiting.exists, what="a worker that waits for work")
        return process

    def diary(self) -> list[str]:
        """The flask commands that ran, without the web server's own."""
        lines = (self.folder / "diary").read_text().splitlines()
        return sorted(line for line in lines if not line.startswith("wsgi:app"))

    def page(self, process: Process, path: str) -> Any:
        address = re.search(r"http://\S+", process.output)
        assert address, process.output
        with urllib.request.urlopen(address.group() + path, timeout=5) as answer:
            return json.load(answer)

    def living(self) -> list[int]:
        """Every process that works in this folder, dead ones that nobody buried left out."""
        return [pid for pid in _pids() if _works_in(pid, self.folder)]

    def wait_until_empty(self) -> None:
        wait_until(lambda: not self.living(), what="a folder without processes")


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "wsgi.py").write_text(SMALL_PORTAL + DEMO)
    with ExitStack() as stack:
        small = House(tmp_path, stack)
        small.migration("a1")
        yield small


@pytest.fixture
def child_of() -> Callable[[Process, str], int]:
    """The pid of the child whose command line holds a word."""

    def find(parent: Process, word: str) -> int:
        for pid in _pids():
            try:
                status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                command = Path(f"/proc/{pid}/cmdline").read_text()
            except OSError:
                continue
            if int(status[1]) == parent.pid and word in command:
                return pid
        raise AssertionError(f"no child with {word}")

    return find
