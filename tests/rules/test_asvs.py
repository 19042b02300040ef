"""docs/asvs.md is true: no number of ASVS 5.0.0 is missing, and what a row names is there.

The numbers and their levels are facts of the release (levels 1 and 2 of all chapters, level 3 of V6, V7 and V10). The
page tells in our own words what each asks for: the standard's own are under CC BY-SA.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/asvs.md"
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
NUMBER = re.compile(r"\d+\.\d+\.\d+")
NOT_APPLICABLE = "## What does not apply"
RELEASE = {
    1: """
        1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1
        3.4.2 3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5
        6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2
        8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1
        12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
    """,
    2: """
        1.1.1 1.1.2 1.2.6 1.2.7 1.2.8 1.2.9 1.3.3 1.3.4 1.3.5 1.3.6 1.3.7 1.3.8 1.3.9 1.3.10 1.3.11 1.4.1
        1.4.2 1.4.3 1.5.2 2.1.2 2.1.3 2.2.3 2.3.2 2.3.3 2.3.4 2.4.1 3.3.2 3.3.3 3.3.4 3.4.3 3.4.4 3.4.5
        3.4.6 3.5.4 3.5.5 3.7.1 3.7.2 4.1.2 4.1.3 4.2.1 4.3.1 4.3.2 4.4.2 4.4.3 4.4.4 5.1.1 5.2.3 5.4.1
        5.4.2 5.4.3 6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4
        6.5.5 6.6.1 6.6.2 6.6.3 6.8.1 6.8.2 6.8.3 6.8.4 7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5
        7.5.1 7.5.2 7.6.1 7.6.2 8.1.2 8.2.3 8.4.1 9.2.2 9.2.3 9.2.4 10.1.1 10.1.2 10.2.1 10.2.2 10.3.1
        10.3.2 10.3.3 10.3.4 10.4.6 10.4.7 10.4.8 10.4.9 10.4.10 10.4.11 10.5.1 10.5.2 10.5.3 10.5.4 10.5.5
        10.6.1 10.6.2 10.7.1 10.7.2 10.7.3 11.1.1 11.1.2 11.2.1 11.2.2 11.2.3 11.3.3 11.4.2 11.4.3 11.4.4
        11.5.1 11.6.1 12.1.2 12.1.3 12.3.1 12.3.2 12.3.3 12.3.4 13.1.1 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5
        13.3.1 13.3.2 13.4.2 13.4.3 13.4.4 13.4.5 14.1.1 14.1.2 14.2.2 14.2.3 14.2.4 14.3.2 14.3.3 15.1.2
        15.1.3 15.2.2 15.2.3 15.3.2 15.3.3 15.3.4 15.3.5 15.3.6 15.3.7 16.1.1 16.2.1 16.2.2 16.2.3 16.2.4
        16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3 17.1.1 17.2.1 17.2.2
        17.2.3 17.2.4 17.3.1 17.3.2
    """,
    3: """
        6.3.5 6.3.6 6.3.7 6.3.8 6.4.5 6.4.6 6.5.6 6.5.7 6.5.8 6.6.4 6.7.1 6.7.2 7.5.3 10.2.3 10.3.5 10.4.12
        10.4.13 10.4.14 10.4.15 10.4.16
    """,
}
LEVELS = {number: level for level, numbers in RELEASE.items() for number in numbers.split()}


@dataclass(frozen=True)
class Row:
    """One requirement: what the page says of it, cell by cell."""

    number: str
    level: int
    cells: list[str]
    applies: bool

    @property
    def check(self) -> str:
        return self.cells[-1]


def rows() -> Iterator[Row]:
    applies = True
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        applies = applies and line != NOT_APPLICABLE
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and NUMBER.fullmatch(cells[0]):
            yield Row(cells[0], int(cells[1]), cells[2:], applies)


def links(text: str) -> Iterator[tuple[str, Path]]:
    for label, target in LINK.findall(text):
        yield label, (PAGE.parent / target.partition("#")[0]).resolve()


def proofs_of(row: Row) -> list[tuple[str, Path]]:
    """The tests that a row names: function and file."""
    return [(label.partition("::")[2], file) for label, file in links(row.check) if "::" in label]


def collected() -> set[tuple[str, Path]]:
    """Every test function with its file, as pytest would collect it."""
    return {
        (node.name, file)
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_number_of_the_release_stands_on_the_page_once_with_its_level():
    told = [(row.number, row.level) for row in rows()]

    assert sorted(told) == sorted(LEVELS.items())


def test_every_test_that_a_row_names_is_collected_where_the_row_says():
    known = collected()

    lost = [f"{row.number} {name}" for row in rows() for name, file in proofs_of(row) if (name, file) not in known]

    assert lost == []


def test_every_file_that_a_row_names_is_there():
    named = [(row.number, file) for row in rows() for _label, file in links(" ".join(row.cells))]

    assert named
    assert [f"{number} {file.relative_to(ROOT)}" for number, file in named if not file.exists()] == []


def test_every_row_that_applies_says_where_it_is_met_and_how_that_is_known():
    silent = [
        row.number
        for row in rows()
        if row.applies and (not list(links(row.cells[1])) or not (proofs_of(row) or len(row.check) > 10))
    ]

    assert silent == []


def test_every_row_that_does_not_apply_says_why():
    assert [row.number for row in rows() if not row.applies and len(row.check) < 5] == []


def test_clause_7_1_no_requirement_of_levels_1_and_2_is_open():
    assert [row.number for row in rows() if row.level < 3 and "OPEN" in row.check] == []


def test_open_rows_are_told_at_the_top():
    """A row is open, or it is not: the page's first words and its tables agree."""
    top = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    basic = re.search(r"levels 1 and 2:\*\* (.*)", top)
    further = re.search(r"level 3:\*\* (.*)", top)
    is_open = [(row.number, row.level) for row in rows() if "**OPEN**" in row.check]

    assert basic
    assert further
    assert NUMBER.findall(basic[1]) == [number for number, level in is_open if level < 3]
    assert NUMBER.findall(further[1]) == [number for number, level in is_open if level == 3]
