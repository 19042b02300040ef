"""The mail server that letters end in: Postfix's `smtp-sink`, which takes them and throws them away.

A server written in Python is slower than what is measured here. Where the machine has no Postfix, Debian's package
is fetched and unpacked below instance/, not installed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.notices.children import ROOT, YARDSTICKS
from benchmarks.notices.cores import Cpus, NotHere
from portal.serving.children import end_with_parent
from tests.support.portal import free_port

CACHE = ROOT / "instance/bench"
NAMED = "smtp-sink"
HELP = (
    "The benchmark of notices needs smtp-sink, which comes with Postfix: `apt install postfix`, "
    "or a Debian or Ubuntu where `apt-get download postfix` and `dpkg -x` work."
)
NOBODY = "nobody"
PATIENCE = 10.0


@dataclass(frozen=True)
class Program:
    """Where smtp-sink lies, where its libraries do, and which it is."""

    path: str
    libraries: str
    version: str


def program() -> Program:
    """The one on this machine, or the one that was unpacked, now or earlier. Raises NotHere."""
    if found := shutil.which(NAMED) or shutil.which(NAMED, path="/usr/sbin:/usr/local/sbin"):
        return Program(found, "", "of this machine's Postfix")
    unpacked = CACHE / "postfix"
    if not (unpacked / "usr/sbin" / NAMED).exists():
        _unpack(unpacked)
    version = (unpacked / "version").read_text(encoding="utf-8")
    return Program(str(unpacked / "usr/sbin" / NAMED), str(unpacked / "usr/lib/postfix"), version)


def _unpack(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", "-qq", "postfix"], cwd=folder, check=True, capture_output=True)
        package = next(folder.glob("postfix_*.deb"))
        subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        raise NotHere(HELP) from error
    (folder / "version").write_text(f"of Postfix {package.name.split('_')[1]}", encoding="utf-8")
    package.unlink()


@contextlib.contextmanager
def running(which: Program, cpus: Cpus) -> Iterator[int]:
    """A sink on these cores; yields its port on 127.0.0.1. Raises NotHere."""
    port = free_port()
    options = ["-u", NOBODY] if os.geteuid() == 0 else []
    environ = {**os.environ, "LD_LIBRARY_PATH": which.libraries} if which.libraries else dict(os.environ)
    yield from _served([which.path, *options, f"127.0.0.1:{port}", "128"], environ, cpus, port)


@contextlib.contextmanager
def late(port: int, cpus: Cpus, *, seconds: float, record: Path | None = None) -> Iterator[int]:
    """A mail server whose every answer comes `seconds` later; `record` keeps what clients say. Its port."""
    own = free_port()
    words = [sys.executable, str(YARDSTICKS / "late.py"), str(own), str(port), str(seconds)]
    yield from _served([*words, str(record)] if record else words, dict(os.environ), cpus, own)


def _served(command: list[str], environ: dict[str, str], cpus: Cpus, port: int) -> Iterator[int]:
    parent = os.getpid()

    def settle() -> None:
        end_with_parent(parent)
        os.sched_setaffinity(0, cpus)

    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, preexec_fn=settle)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.recv(3)
            return
        time.sleep(0.02)
    raise NotHere(f"{NAMED} did not start. {HELP}")
