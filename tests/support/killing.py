"""A real worker that dies by `kill -9` at a named step, as a power cut would have it.

The portal tells its steps by `reached("export.claimed")` (portal/core/steps.py). The child listens, and kills
itself at the one it was given: no luck, no sleeping. What it left behind is for the next worker to mend.
"""

import os
import pkgutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from flask.cli import main

from portal.app import create_app
from portal.core.steps import step_reached
from tests.support.processes import Process

WORKER = ("worker", "--until-empty")
CALL = "call"
STEPS_MARK = "reached:"


@dataclass(frozen=True)
class Run:
    """How a run ended, and by which steps it went; `output` is all it said."""

    killed: bool
    steps: tuple[str, ...]
    output: str


def run_worker_killed_at(environ: Mapping[str, str], step: str, *, time: int = 1) -> Run:
    """`flask worker --until-empty`, killed with -9 when it reaches `step` for the `time`-th time.

    `environ` holds the PORTAL_ settings. Raises AssertionError when the worker ended without coming there.
    """
    run = run_flask(environ, *WORKER, kill_at=step, time=time)
    assert run.killed, f"the worker never came to {step}; it came to {', '.join(run.steps)}:\n{run.output}"
    return run


def run_worker(environ: Mapping[str, str], *, later: float = 0) -> Run:
    """`flask worker --until-empty` to its end, with the clock `later` seconds ahead (leases run out).

    Raises AssertionError when it did not end well.
    """
    offset = str(float(environ.get("PORTAL_CLOCK_OFFSET", "0")) + later)
    return run_flask({**environ, "PORTAL_CLOCK_OFFSET": offset}, *WORKER)


def run_flask(environ: Mapping[str, str], *command: str, kill_at: str = "", time: int = 1) -> Run:
    """Any `flask` command; killed with -9 at the step `kill_at` when it comes there for the `time`-th time.

    Raises AssertionError when it ended by itself, and not with 0.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    with Process("-m", "tests.support.killing", kill_at, str(time), *command, env={**own, **environ}) as process:
        code = process.wait(timeout=120)
        lines = process.output.splitlines()
    steps = tuple(line.removeprefix(STEPS_MARK) for line in lines if line.startswith(STEPS_MARK))
    output = "\n".join(line for line in lines if not line.startswith(STEPS_MARK))
    assert code in (0, -signal.SIGKILL), f"flask {' '.join(command)} ended with {code}:\n{output}"
    return Run(killed=code == -signal.SIGKILL, steps=steps, output=output)


def run_call(environ: Mapping[str, str], name: str, *, kill_at: str = "", time: int = 1) -> Run:
    """As run_flask, a function of the portal without arguments, such as "portal.exports.tasks:sweep"."""
    return run_flask(environ, CALL, name, kill_at=kill_at, time=time)


def _call(name: str) -> None:
    with create_app().app_context():
        pkgutil.resolve_name(name)()


def _die_at(step: str, time: int) -> None:
    left = time

    def hear(name: str) -> None:
        nonlocal left
        os.write(1, f"{STEPS_MARK}{name}\n".encode())
        if name != step:
            return
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    step_reached.connect(hear, weak=False)


if __name__ == "__main__":
    _die_at(sys.argv[1], int(sys.argv[2]))
    if sys.argv[3] == CALL:
        _call(sys.argv[4])
    else:
        sys.argv = ["flask", *sys.argv[3:]]
        main()
