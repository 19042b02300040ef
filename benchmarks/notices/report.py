"""Tables to paste into docs/performance.md: what ran where and when, medians with the least and the most."""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.notices.children import ROOT, Took
from benchmarks.notices.lab import Lab

GB = 1024**3


@dataclass(frozen=True)
class Middle:
    """The median of several values, the least and the most."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{shown(self.median)} (once)"
        return f"{shown(self.median)} [{shown(min(self.values))}–{shown(max(self.values))}]"


def shown(value: float) -> str:
    """A number as one reads it: 12,345 and 4.56."""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def rates(runs: Iterable[Took]) -> Middle:
    return Middle([took.rate for took in runs])


def paired(ours: Sequence[Took], others: Sequence[Took]) -> Middle:
    """How many times as fast as the others, round by round."""
    return Middle([mine.rate / other.rate for mine, other in zip(ours, others, strict=True)])


def cpu(runs: Iterable[Took]) -> Middle:
    return Middle([took.cpu_us for took in runs])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; figures stand at the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def conditions(lab: Lab) -> str:
    """Machine, versions, day and commit."""
    versions = [f"{database.name} {database.version}" for database in lab.databases]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB
    return (
        f"Taken by `make bench BENCH=notices` on {time.strftime('%d %B %Y, %H:%M', time.gmtime())} UTC at commit "
        f"{_commit()}, load {os.getloadavg()[0]:.1f} at the end; {os.cpu_count()} cores ({_processor()}), "
        f"{memory:.0f} GB, {platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"{', '.join(versions)}, smtp-sink {lab.sink.version}, django-post-office 3.12.0, Flask-Mail 0.10.0."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
