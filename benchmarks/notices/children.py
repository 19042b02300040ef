"""Measured processes: each gets ready by itself, all begin at one word, and each tells what it took."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.notices.cores import Cpus
from portal.serving.children import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
OURS = Path(sys.executable)
PEERS = ROOT / ".venv-bench/bin/python"
YARDSTICKS = Path(__file__).parent / "yardsticks"


@dataclass(frozen=True)
class Took:
    """What sending `count` letters took: seconds by the clock, and of the processor in those who sent."""

    count: int
    seconds: float
    cpu: float
    peak_mb: float
    told: Sequence[Mapping[str, Any]]
    server_cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Letters per second."""
        return self.count / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the processor per letter."""
        return self.cpu / self.count * 1e6

    @property
    def server_us(self) -> float:
        """The same, in the database's own processes."""
        return self.server_cpu / self.count * 1e6


@contextlib.contextmanager
def child(*arguments: object, cpus: Cpus, environ: Mapping[str, str], python: Path = OURS) -> Iterator[Any]:
    """A Python process on these cores; ends with the context. Raises RuntimeError when it ends badly."""
    parent = os.getpid()

    def settle() -> None:
        end_with_parent(parent)
        os.sched_setaffinity(0, cpus)

    process = subprocess.Popen(
        [python, *map(str, arguments)],
        cwd=ROOT,
        env=own_environ(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=settle,
    )
    try:
        yield process
        if process.wait() != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))} ended with {process.returncode}")
    finally:
        process.kill()
        process.communicate()


def own_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of a portal, and with those of `environ`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return {**kept, **environ}


def run(*arguments: object, cpus: Cpus, environ: Mapping[str, str], python: Path = OURS, times: int = 1) -> Took:
    """`times` processes alike, begun together once all are ready; what they took together."""
    with contextlib.ExitStack() as stack:
        given = {"cpus": cpus, "environ": environ, "python": python}
        children = [stack.enter_context(child(*arguments, **given)) for _ in range(times)]
        for each in children:
            _line(each, arguments)
        for each in children:
            each.stdin.write("go\n")
            each.stdin.flush()
        told = [json.loads(_line(each, arguments)) for each in children]
    return Took(
        count=sum(one["count"] for one in told),
        seconds=max(one["ended"] for one in told) - min(one["began"] for one in told),
        cpu=sum(one["cpu"] for one in told),
        peak_mb=max(one["peak_mb"] for one in told),
        told=told,
    )


def _line(process: Any, arguments: Sequence[object]) -> str:
    while line := process.stdout.readline():
        if line.startswith(("ready", "{")):
            return str(line)
    raise RuntimeError(f"{' '.join(map(str, arguments))} ended without a word ({process.wait()})")
