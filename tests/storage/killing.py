"""Kill a process with -9 at each of its steps, one after the other: no step is forgotten, no luck is needed.

A step is what Python announces to audit hooks when it touches files: open, mkdir, rename, remove and so on.
The process dies just before the step, as `kill -9` or a power switch would have it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "fcntl.flock", "os.link"}
MOST = 500


def killed_at_each_step(act: Callable[[], object]) -> Iterator[int]:
    """Run `act` in a child that dies before its first step; yield; then before its second, and so on.

    The caller looks at what was left behind, and sets the scene anew. The last one yielded is the whole run.
    """
    for step in range(1, MOST):
        survived = _run(act, step)
        yield step
        if survived:
            return
    raise AssertionError("the act has no end")


def _run(act: Callable[[], object], step: int) -> bool:
    child = os.fork()
    if child == 0:
        _die_before(step)
        _act_and_exit(act)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def _act_and_exit(act: Callable[[], object]) -> None:
    status = 1
    try:
        act()
        status = 0
    finally:
        if status:
            sys.excepthook(*sys.exc_info())
        os._exit(status)  # never back into pytest, which goes on in the parent


def _die_before(step: int) -> None:
    left = step

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in STEPS:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
