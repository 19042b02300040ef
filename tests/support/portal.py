"""The whole portal as `make run` starts it: web, worker and local mailbox, for tests that look from outside."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.serving import mailbox_files
from tests.support.processes import Process, answers, wait_until


@dataclass(frozen=True)
class Portal:
    """A running portal: its address, where it writes, and the letters its mail server took."""

    address: str
    instance: Path
    process: Process

    def letters(self, to: str) -> list[mailbox_files.Message]:
        """What `to` got, the newest first."""
        directory = self.instance / "mailbox"
        return [mailbox_files.read(directory, one.id) for one in mailbox_files.messages(directory, to=to)]

    def wait_for_letter(self, to: str, name: str, *, timeout: float = 20.0) -> mailbox_files.Message:
        """The newest letter `name` (`<room>/<letter>`) to `to`. Raises Late."""

        def found() -> mailbox_files.Message | None:
            fitting = (m for m in self.letters(to) if ("X-Portal-Letter", name) in m.headers)
            return next(fitting, None)

        letter = wait_until(found, timeout=timeout, what=f"the letter {name} to {to}")
        assert letter is not None
        return letter


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(instance: Path, *, more: Mapping[str, str] | None = None) -> Iterator[Portal]:
    """`python -m portal.serving` on a free port with everything under `instance`, until the context ends."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    settings = {"PORT": str(port), "PORTAL_INSTANCE_PATH": str(instance), **(more or {})}
    with Process("-m", "portal.serving", env={**own, **settings}) as process:
        process.wait_until(lambda: answers(port), timeout=60, what="an answer from /healthz")
        yield Portal(f"http://localhost:{port}", instance, process)
        process.stop()
