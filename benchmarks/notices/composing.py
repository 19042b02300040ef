"""Making one personal letter: the portal's moulds beside the two ways of Python's own library, in turns."""

from collections.abc import Iterator

from benchmarks import Figure
from benchmarks.notices import report
from benchmarks.notices.lab import Lab

MICROSECONDS = 40
OURS = "the portal's mould"


def measure(lab: Lab) -> Iterator[Figure | str]:
    """Microseconds of the processor for each letter."""
    database = lab.databases[0]
    stage = database.copy(lab.stage(database, people=min(1_000, lab.sizes.few), lanes=1), "composing")
    told = lab.ask("makers", lab.sizes.composed, lab.sizes.rounds, environ=stage.environ)
    database.drop(stage)
    spent = {way: report.Middle(rounds) for way, rounds in told["spent"].items()}
    rows = [[way, middle, report.shown(middle.median / spent[OURS].median)] for way, middle in spent.items()]
    head = [f"making one letter of {told['bytes']:,} bytes, personal parts and all", "CPU µs", "times the portal's"]
    yield report.table(head, rows)
    yield Figure("making one letter", spent[OURS].median, MICROSECONDS, "µs")
