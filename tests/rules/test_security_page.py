"""docs/security.md is true: every kind of data, key, limit, log event and act of the code is on the page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portal.config import SECRETS
from portal.core.categories import Category

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ROOT / "portal"
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
IN_CODE = re.compile(r"`([^`]+)`")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(PORTAL.rglob("*.py")):
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def constants(tree: ast.Module) -> dict[str, Any]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = value(node.value, found)
    return found


def value(node: ast.expr, known: dict[str, Any]) -> Any:
    """A number as the file says it: 60, HOUR, 12 * 3600; None for what only the running code knows."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = value(node.left, known), value(node.right, known)
        return left * right if left and right else None
    return None


def limits() -> set[tuple[str, Any, Any]]:
    """Every `throttled("name", limit=…, seconds=…)` and `count("name", …, limit=…, seconds=…)`."""
    found = set()
    for _file, tree in trees():
        known = constants(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            given = {keyword.arg: value(keyword.value, known) for keyword in node.keywords}
            if {"limit", "seconds"} <= set(given):
                found.add((node.args[0].value, given["limit"], given["seconds"]))
    return found


def said(name: str, *, on: str) -> set[str]:
    """The first words given to `on.name(…)`, such as log.warning("page.failed", …)."""
    return {
        node.args[0].value
        for _file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and getattr(node.func.value, "id", "") == on
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_category_of_data_has_its_level():
    levels = section("What is protected, and how well")
    rows = [line for line in levels.splitlines() if line.startswith(("| Sensitive |", "| Personal |"))]

    named = [name for row in rows for name in IN_CODE.findall(row.split("|")[3])]

    assert sorted(named) == sorted(category.value for category in Category)


def test_every_key_is_on_the_page():
    named = {name.removeprefix("PORTAL_") for name in IN_CODE.findall(section("Cryptography"))}

    assert set(SECRETS) <= named


def test_every_limit_in_the_code_is_on_the_page_with_its_numbers():
    lines = [line for line in section("Limits").splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    told = {(IN_CODE.findall(row[0])[0], row[1]) for row in rows}

    kept = {(name, f"{limit} / {seconds} s" if limit and seconds else "") for name, limit, seconds in limits()}

    assert kept
    assert {name for name, _ in kept} <= {name for name, _ in told}
    assert {pair for pair in kept if pair[1]} <= told


def test_every_event_in_the_log_is_on_the_page():
    events = {event for method in ("info", "warning", "error") for event in said(method, on="log")}

    assert events
    assert events - set(IN_CODE.findall(section("Logs"))) == set()


def test_every_kind_of_act_is_on_the_page():
    kinds = {act.partition(".")[0] for act in said("record", on="chain")}

    assert kinds
    assert kinds - set(IN_CODE.findall(section("Logs"))) == set()
