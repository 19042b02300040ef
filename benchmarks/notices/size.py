"""Ten thousand, a hundred thousand and a million people: the rate stays, and so does the memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import Figure
from benchmarks.notices import report
from benchmarks.notices.children import Took
from benchmarks.notices.cores import SAME
from benchmarks.notices.databases import Database
from benchmarks.notices.lab import Lab

OF_THE_RATE = 0.9
GROWTH_MB = 10


@dataclass(frozen=True)
class Size:
    """So many people: how long the audience took to write, and each sending to them."""

    people: int
    seconds: float
    runs: list[Took]


def measure(lab: Lab) -> Iterator[Figure | str]:
    """One connection on the core of the mail server, where the portal's own work is the largest share."""
    for database in lab.databases:
        few, more, many = _sizes(lab, database)
        yield report.table(
            [f"{database.name}, one connection, same core", "letters/s", "peak memory, MB", "audience written in s"],
            [
                [
                    f"{size.people:,} people",
                    report.rates(size.runs),
                    report.Middle([took.peak_mb for took in size.runs]),
                    report.shown(size.seconds),
                ]
                for size in (few, more, many)
            ],
        )
        for smaller in (few, more):  # the few also pay for beginning, which a larger number hides
            share = report.rates(many.runs).median / report.rates(smaller.runs).median
            named = f"{database.name}: {many.people:,} against {smaller.people:,} people"
            yield Figure(f"{named}, rate", share, OF_THE_RATE, "×", more_is_better=True)
        growth = max(took.peak_mb for took in many.runs) - min(took.peak_mb for took in few.runs)
        named = f"{database.name}: {many.people:,} against {few.people:,} people"
        yield Figure(f"{named}, peak memory", growth, GROWTH_MB, "MB")


def _sizes(lab: Lab, database: Database) -> tuple[Size, Size, Size]:
    """The few before, between and after the many, so that a machine that slows down slows down both."""
    few, more, many = (_prepared(lab, database, people) for people in (lab.sizes.few, lab.sizes.more, lab.sizes.many))
    for rounds, larger in ((lab.sizes.rounds // 2, more), (lab.sizes.rounds - lab.sizes.rounds // 2, many)):
        _send_few(lab, database, few, rounds)
        stage = lab.stages[database.name, larger.people, 1]
        larger.runs.append(lab.send(database, stage, lab.sinks[SAME]))
        database.drop(lab.stages.pop((database.name, larger.people, 1)))
    _send_few(lab, database, few, lab.sizes.rounds // 2)
    return few, more, many


def _send_few(lab: Lab, database: Database, few: Size, times: int) -> None:
    stage = lab.stages[database.name, few.people, 1]
    for _ in range(times):
        few.runs.append(lab.send_copy(database, stage, lab.sinks[SAME]))


def _prepared(lab: Lab, database: Database, people: int) -> Size:
    """A stage of this size, made anew so that the writing of its audience is timed."""
    key = (database.name, people, 1)
    if key in lab.stages:
        database.drop(lab.stages.pop(key))
    lab.stages[key] = stage = database.new(f"{people}-1")
    lab.ask_people("fill", people, stage.environ)
    return Size(people, lab.ask_people("publish", 1, stage.environ)["seconds"], [])
