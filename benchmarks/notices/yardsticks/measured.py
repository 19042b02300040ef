"""One measured process: it gets ready, waits for "go" on standard input, works, and tells what it took."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def measured(work: Callable[[], int], **more: Callable[[], Any]) -> None:
    """Work when told to; prints one line of JSON.

    `count` is what `work` returns, `began` and `ended` are seconds of the clock that all processes of a machine
    share, `cpu` is this process's processor time in seconds, `peak_mb` its peak memory. `more` is asked at the end.
    """
    print("ready", flush=True)
    sys.stdin.readline()
    cpu, began = _cpu(), time.monotonic()
    count = work()
    ended = time.monotonic()
    told = {"count": count, "began": began, "ended": ended, "cpu": _cpu() - cpu, "peak_mb": peak_mb()}
    print(json.dumps(told | {name: ask() for name, ask in more.items()}), flush=True)


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def peak_mb() -> float:
    """Peak memory since this program began: unlike ru_maxrss it knows nothing of the process that started it."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
