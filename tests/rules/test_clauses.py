"""docs/clauses.md is true: each promise has its row, and what is kept now has a test named after it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.app import create_app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/clauses.md"
CLAUSES_OF = {1: 2, 2: 5, 3: 3, 4: 8, 5: 2, 6: 2, 7: 1, 8: 7, 9: 3, 10: 1, 11: 1, 12: 4, 13: 1}  # by article
PROMISES = [f"{article}.{number + 1}" for article, count in CLAUSES_OF.items() for number in range(count)]
NOT_YET_WHOLLY_KEPT = """
    1.1 2.2 2.3 2.4 2.5 3.2 4.7 4.8 6.1 6.2 7.1 8.4 8.5 8.6 9.2 9.3 10.1 11.1
"""
KEPT = [number for number in PROMISES if number not in NOT_YET_WHOLLY_KEPT.split()]
NAMED_AFTER = re.compile(r"clause_(\d+)_(\d+)(?!\d)")
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
ADDRESS = re.compile(r"`(/[^`]*)`")


@dataclass(frozen=True)
class Row:
    """One promise: its words, where it is kept, and the tests that prove it, as (file, function)."""

    number: str
    where: str
    tests: tuple[tuple[Path, str], ...]
    proof: str


def rows() -> list[Row]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"\d+\.\d+", cells[0]):
            found.append(Row(cells[0], cells[2], tuple(named_in(cells[3])), cells[3]))
    return found


def named_in(cell: str) -> Iterator[tuple[Path, str]]:
    for label, target in LINK.findall(cell):
        if "::" in label:
            yield (PAGE.parent / target).resolve(), label.strip("`").partition("::")[2]


def collected() -> dict[Path, set[str]]:
    """Every test function, by its file, as pytest would collect it."""
    found = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        found[file] = {name for name in names if name.startswith("test_")}
    return found


def by_clause() -> dict[str, list[str]]:
    found = defaultdict(list)
    for names in collected().values():
        for name in names:
            for article, number in NAMED_AFTER.findall(name):
                found[f"{article}.{number}"].append(name)
    return found


def test_every_promise_has_one_row_in_order():
    assert [row.number for row in rows()] == PROMISES


@pytest.mark.parametrize("number", KEPT)
def test_a_promise_kept_now_has_a_test_named_after_it_and_a_row_that_names_one(number):
    row = next(row for row in rows() if row.number == number)

    assert by_clause()[number]
    assert [name for _file, name in row.tests if name in by_clause()[number]]


def test_every_test_that_a_row_names_is_collected_where_the_row_says():
    known = collected()

    lost = [f"{row.number} {name}" for row in rows() for file, name in row.tests if name not in known.get(file, ())]

    assert lost == []


def test_a_row_without_a_test_says_later_and_its_clause_has_none():
    untold = [row.number for row in rows() if not row.tests and ("later" not in row.proof or by_clause()[row.number])]

    assert untold == []


def test_every_test_named_after_a_clause_is_named_after_one_there_is():
    assert set(by_clause()) <= set(PROMISES)


def test_every_address_in_the_table_is_served(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})
    served = {re.sub(r"<[^>]+>", "<>", rule.rule) for rule in app.url_map.iter_rules()}
    told = {(row.number, address) for row in rows() for address in ADDRESS.findall(row.where)}

    assert told
    assert [pair for pair in told if re.sub(r"<[^>]+>", "<>", pair[1]) not in served] == []
