"""Rules of the code that a linter does not know."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ROOT / "portal"
MAY_COMMIT = {"views.py", "tasks.py", "cli.py"}  # and *_views.py, *_cli.py
EDGES_BY_NAME = {
    "core/leases.py": "claims, renewals and put-backs are transactions of their own",
    "core/throttle/counting.py": "a count outlives the request that it refuses",
    "core/throttle/delays.py": "a try is counted before it is judged, whatever becomes of the request",
    "core/throttle/in_database.py": "as above: each count is a transaction of its own",
    "work/runner.py": "the task edge that every duty runs in",
    "mailer/delivery.py": "a task: what was read is let go before the server is spoken to",
    "consents/measuring.py": "counts are written after the answer has left, and dropped by the schedule",
    "erasure/crowd.py": "leases of closings, as in core/leases.py",
    "erasure/farewell.py": "a task: what was read is let go before the server is spoken to",
    "erasure/purge.py": "a task: each step of a purge is a transaction of its own",
    "erasure/replay.py": "a command: what `flask erasure replay` does; and a check before any request",
    "erasure/sweeping.py": "a task: what the schedule and `flask retention sweep` do",
    "notices/engine/acceptances.py": "a task: each acceptance is committed before the next letter leaves",
    "notices/engine/canary.py": "a task: how a sending fares is read and written in transactions of its own",
    "notices/engine/claiming.py": "a task: letters are claimed for good before the first of them leaves",
    "notices/engine/marking.py": "a task: what became of each letter is written in a transaction of its own",
    "notices/engine/pens.py": "a task: what a lane's pen wrote is looked for in transactions of their own",
    "notices/engine/sending.py": "a task: a lane and its notice are settled in transactions of their own",
    "policies/continued_use.py": "what was shown is noted after the page was made, in a request that only reads",
    "signin/providers/going.py": "nothing is open while a provider is asked over the network",
    "signin/factors/second_step.py": "nothing is locked while recovery codes are hashed",
    "signin/sessions.py": "last-seen is noted in a transaction of its own, in a request that only reads",
    "signin/service.py": "nothing is locked while a password is checked",
}


def calls_of(tree: ast.AST, name: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    ]


def test_only_edges_commit():
    offenders = []
    for file in sorted(PORTAL.rglob("*.py")):
        path = file.relative_to(PORTAL).as_posix()
        if file.name in MAY_COMMIT or file.name.endswith(("_views.py", "_cli.py")) or path in EDGES_BY_NAME:
            continue
        offenders += [f"{path}:{line}" for line in calls_of(ast.parse(file.read_text()), "commit")]

    assert offenders == []


def test_every_named_edge_still_commits():
    stale = [path for path in EDGES_BY_NAME if not calls_of(ast.parse((PORTAL / path).read_text()), "commit")]

    assert stale == []


def test_services_never_see_the_request():
    offenders = []
    for file in sorted(PORTAL.rglob("service.py")):
        names = {
            alias.name
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == "flask"
            for alias in node.names
        }
        if names & {"request", "session", "g", "render_template", "flash", "redirect"}:
            offenders.append(file.relative_to(PORTAL).as_posix())

    assert offenders == []


def test_no_file_tires_its_reader():
    long = {
        file.relative_to(ROOT).as_posix(): lines
        for file in PORTAL.rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 300
    }

    assert long == {}


def test_no_function_tires_its_reader():
    long = [
        f"{file.relative_to(ROOT).as_posix()}:{node.name}"
        for file in PORTAL.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 40
    ]

    assert long == []
