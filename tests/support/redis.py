"""A real redis-server for the tests: on a free port of this machine, keeping nothing, ended with the context."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from portal.serving.children import end_with_parent
from tests.support.portal import free_port
from tests.support.processes import wait_until

NAME = "redis-server"


class Unavailable(RuntimeError):
    """This machine has no redis-server; the text says what to install."""


@dataclass(frozen=True)
class Server:
    """A running server. Any process of this machine may use it."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        """For looking at what is in it."""
        return Redis(port=self.port, decode_responses=True)

    def empty(self) -> None:
        with self.client() as client:
            client.flushall()

    def kill(self) -> None:
        """As a power cut would; returns once it is gone."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


@contextlib.contextmanager
def running(port: int | None = None) -> Iterator[Server]:
    """A server for as long as the context lasts, and not longer even if this process is killed.

    Raises Unavailable.
    """
    path = shutil.which(NAME)
    if path is None:
        raise Unavailable("redis: no redis-server on this machine (Debian and Ubuntu: apt install redis-server)")
    port, parent = port or free_port(), os.getpid()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        process = subprocess.Popen(
            [path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: end_with_parent(parent),
        )
        server = Server(port, process)
        try:
            wait_until(server.answers, what="an answer of redis-server")
            yield server
        finally:
            process.terminate()
            process.wait(timeout=10)
