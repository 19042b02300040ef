"""A mail server that answers five milliseconds later, as one beyond a network does."""

from collections import defaultdict
from collections.abc import Iterator

from benchmarks import Figure
from benchmarks.notices import report, sink
from benchmarks.notices.children import Took
from benchmarks.notices.connection import NAMES, SMTPLIB
from benchmarks.notices.cores import CROSS
from benchmarks.notices.lab import DELAY, Lab

TIMES_SMTPLIB, TIMES_ONE = 3, 10
PROCESSES, THREADS = 4, 4  # four workers as the portal has them, one connection to a thread
TOGETHER = PROCESSES * THREADS

Runs = dict[str, list[Took]]


def measure(lab: Lab) -> Iterator[Figure | str]:
    """Raw smtplib, one connection of ours and sixteen in turns, on different cores."""
    runs: Runs = defaultdict(list)
    with sink.late(lab.sinks[CROSS], lab.cores.other, seconds=DELAY) as port:
        for _ in range(lab.sizes.rounds):
            _round(lab, port, runs)
    yield _table(lab, runs)
    for database in lab.databases:
        one, many = runs[database.name], runs[_together(database.name)]
        times = report.paired(one, runs[SMTPLIB]).median
        yield Figure(f"{database.name}, 5 ms: times raw smtplib", times, TIMES_SMTPLIB, "×", more_is_better=True)
        times = report.paired(many, one).median
        yield Figure(f"{database.name}, 5 ms: {TOGETHER} against 1", times, TIMES_ONE, "×", more_is_better=True)


def _round(lab: Lab, port: int, runs: Runs) -> None:
    runs[SMTPLIB].append(lab.beside(SMTPLIB, port, lab.sizes.late_by_smtplib))
    for database in lab.databases:
        alone = lab.stage(database, people=lab.sizes.late, lanes=1)
        runs[database.name].append(lab.send_copy(database, alone, port))
        together = lab.stage(database, people=lab.sizes.late_together, lanes=TOGETHER)
        how = {"processes": PROCESSES, "threads": THREADS}
        runs[_together(database.name)].append(lab.send_copy(database, together, port, **how))


def _together(name: str) -> str:
    return f"{name}, {TOGETHER} connections"


def _table(lab: Lab, runs: Runs) -> str:
    names = {SMTPLIB: NAMES[SMTPLIB]}
    for database in lab.databases:
        names |= {database.name: f"**the portal, {database.name}**", _together(database.name): f"the same, {TOGETHER}"}
    rows = [_row(label, runs[who], runs[SMTPLIB]) for who, label in names.items()]
    head = ["5 ms until each answer", "letters/s", "÷ smtplib, one connection", "CPU µs per letter"]
    return report.table(head, rows)


def _row(label: str, mine: list[Took], smtplib: list[Took]) -> list[str]:
    times = report.shown(report.paired(mine, smtplib).median)
    return [label, str(report.rates(mine)), times, report.shown(report.cpu(mine).median)]
