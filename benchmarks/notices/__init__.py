"""Notices: letters to many over SMTP, beside what is possible and what others do (docs/performance.md).

Every figure is taken beside its limit in one run, in turns, on the same cores; what counts are medians of the
ratios of each round. `python -m benchmarks.notices PART` takes one part alone.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import Figure
from benchmarks.notices import composing, connection, delay, lab, pages, report, size
from benchmarks.notices.cores import NotHere
from benchmarks.notices.sink import CACHE
from benchmarks.notices.sizes import FULL, Sizes

PARTS: dict[str, Callable[[lab.Lab], Iterator[Figure | str]]] = {
    "connection": connection.measure,
    "delay": delay.measure,
    "size": size.measure,
    "pages": pages.measure,
    "composing": composing.measure,
}
PAGE = CACHE / "notices.md"


def run() -> Iterator[Figure]:
    """All the figures of issue 4 that are measured and not counted."""
    yield from results(list(PARTS), FULL)


def results(parts: Sequence[str], sizes: Sizes) -> Iterator[Figure]:
    """The figures of these parts. Tables go to the terminal, and into a page that can be pasted into the docs."""
    tables: list[str] = []
    try:
        with lab.opened(sizes) as opened:
            for part in parts:
                yield from _figures(part, opened, tables)
            _write(PAGE, [report.conditions(opened), *tables])
    except NotHere as missing:
        print(missing, file=sys.stderr)
        raise SystemExit(3) from missing


def _figures(part: str, opened: lab.Lab, tables: list[str]) -> Iterator[Figure]:
    started = time.monotonic()
    for found in PARTS[part](opened):
        if isinstance(found, str):
            tables.append(found)
            print(f"\n{found}\n", flush=True)
        else:
            yield found
    print(f"  ({part}: {time.monotonic() - started:.0f} s)", flush=True)


def _write(file: Path, tables: list[str]) -> None:
    words = "\n\n".join(tables)
    file.write_text(f"{words}\n", encoding="utf-8")
    print(f"\n{tables[0]}\nThe tables stand in {file}.", flush=True)
