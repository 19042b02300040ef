"""The portal's own processes for the tests: real ones, which can be waited for and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from portal.serving.children import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


class Late(AssertionError):
    """A state was not reached in time; the text says which."""


def wait_until(state: Callable[[], T], *, timeout: float = 15.0, what: str = "the state") -> T:
    """The first true answer of `state()`, asked again and again. Raises Late after `timeout` seconds.

    For what lies in another process and can only be asked: a row, a file, a page.
    """
    deadline = time.monotonic() + timeout
    while not (answer := state()):
        if time.monotonic() > deadline:
            raise Late(f"{what} was not reached in {timeout} s")
        time.sleep(0.02)
    return answer


class Process:
    """A Python process in a group of its own; ends with the context, or with this process, even if killed."""

    def __init__(self, *arguments: str, env: Mapping[str, str], cwd: Path = ROOT, fds: tuple[int, ...] = ()) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        parent = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=fds,
            preexec_fn=lambda: end_with_parent(parent),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything it has said so far, on both streams."""
        size = os.fstat(self._said.fileno()).st_size
        return os.pread(self._said.fileno(), size, 0).decode("utf-8", errors="replace")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, *, timeout: float = 30.0) -> int:
        """Its exit code, once it ended by itself (negative: the signal). Raises Late."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Late(f"process {self.pid} did not end in {timeout} s; it said:\n{self.output}") from None

    def wait_until(self, state: Callable[[], T], *, timeout: float = 15.0, what: str = "the state") -> T:
        """As wait_until, but raises Late at once when the process ends, with what it said."""

        def asked() -> tuple[T] | None:
            if answer := state():
                return (answer,)
            if not self.running:
                raise Late(f"process {self.pid} ended ({self._process.returncode}) before {what}:\n{self.output}")
            return None

        return wait_until(asked, timeout=timeout, what=what)[0]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill9(self) -> None:
        """Kill it and its group as a power cut would, and wait until they are gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self, *, timeout: float = 15.0) -> int:
        """Ask it to end; its exit code. Raises Late."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(timeout=timeout)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill9()
        self._said.close()


def flask(*arguments: str, env: Mapping[str, str], timeout: float = 60.0, cwd: Path = ROOT) -> str:
    """What `flask arguments…` prints. Raises AssertionError with its words when it does not exit with 0."""
    with Process("-m", "flask", *arguments, env=env, cwd=cwd) as process:
        code = process.wait(timeout=timeout)
        assert code == 0, f"flask {' '.join(arguments)} exited with {code}:\n{process.output}"
        return process.output


def worker(*arguments: str, env: Mapping[str, str]) -> Process:
    """A real `flask worker`, just started; use it as a context."""
    return Process("-m", "flask", "worker", *arguments, env=env)


@contextlib.contextmanager
def web(*, env: Mapping[str, str], threads: int = 4) -> Iterator[tuple[Process, str]]:
    """A real gunicorn that answers, and its address; PORTAL_BASE_URL is set to it unless `env` has one."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port = listener.getsockname()[1]
        address = f"http://localhost:{port}"
        options = [
            "--bind",
            f"fd://{listener.fileno()}",
            "--worker-class",
            "gthread",
            "--threads",
            str(threads),
        ]
        options += ["--no-control-socket", "--graceful-timeout", "3", "--log-level", "warning"]
        given = {"PORTAL_BASE_URL": address, **env}
        with Process("-m", "gunicorn", "wsgi:app", *options, env=given, fds=(listener.fileno(),)) as process:
            process.wait_until(lambda: answers(port), what="an answer from /healthz")
            yield process, address


def answers(port: int) -> bool:
    """Whether something speaks HTTP at this port of the loopback, within two seconds."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.recv(12).startswith(b"HTTP/1.1 ")
    except OSError:
        return False
