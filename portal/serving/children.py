"""The processes of one `serve`: started in groups of their own, watched together, and ended together."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

PATIENCE = 8.0  # seconds between asking a child to end and making it
PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A person, or the system, asked for the end."""


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process by SIGTERM when `parent` is gone, even by SIGKILL (Linux only)."""
    if LIBC is None:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before we asked
        os.kill(os.getpid(), signal.SIGTERM)


@dataclass
class Child:
    """One process and the group that it leads."""

    name: str
    process: subprocess.Popen[bytes]
    serves: bool = False

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    @property
    def gone(self) -> bool:
        """Whether nothing of its group is left either."""
        return self.ended and not self._signal_group(0)

    def ask_to_end(self) -> None:
        if self.ended:
            self._signal_group(signal.SIGTERM)  # its own children, if it left any behind
        else:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal_group(signal.SIGKILL)

    def how_it_ended(self) -> str:
        code = self.process.returncode
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def _signal_group(self, number: int) -> bool:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            return False
        return True


@dataclass
class Family:
    """The children of this process; use it as a context, which leaves none behind."""

    environ: dict[str, str]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    _wake: tuple[int, int] = (-1, -1)

    def __enter__(self) -> "Family":
        if LIBC is not None:
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)  # a killed child's children come to us, so none stays a zombie
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            # Said outright: a shell starts background jobs with SIGINT ignored, and that would be inherited
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, _only_wake)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        signal.set_wakeup_fd(-1)
        for end in self._wake:
            os.close(end)

    def start(
        self,
        name: str,
        *arguments: str,
        pass_fds: Sequence[int] = (),
        output: int | None = None,
        serves: bool = False,
    ) -> Child:
        """Start `python arguments…` as a child called `name`.

        `output` is a file descriptor for what it says (None: the terminal); `serves` marks one that the
        others need until they have ended.
        """
        parent = os.getpid()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches the parent only, which then ends all in order
            preexec_fn=lambda: end_with_parent(parent),
            pass_fds=pass_fds,
        )
        child = Child(name, process, serves)
        self.children.append(child)
        return child

    def wait(self, until: Callable[[], bool], *, reading: Sequence[int] = ()) -> None:
        """Sleep until `until()` holds; asked when a child ends or a descriptor in `reading` has something.

        Raises Stopped when a signal asks for the end.
        """
        while not self._holds(until):
            if self.stopping:
                raise Stopped
            self._sleep(None, reading)

    def end(self) -> None:
        """End every child: those who serve the others last, and after PATIENCE seconds without asking."""
        deadline = time.monotonic() + PATIENCE
        for serving in (False, True):
            stage = [child for child in self.children if child.serves is serving]
            for child in stage:
                child.ask_to_end()
            self._wait_for_end(stage, deadline=deadline)
            deadline += 1.0  # time for the next ones, however slow these were
        for child in self.children:
            child.kill()
        self._wait_for_end(self.children, deadline=time.monotonic() + PATIENCE)

    def _wait_for_end(self, children: Sequence[Child], *, deadline: float) -> None:
        while not self._holds(lambda: all(child.gone for child in children)) and time.monotonic() < deadline:
            self._sleep(0.1)  # without a subreaper (macOS) nobody tells us of a grandchild's end

    def _holds(self, until: Callable[[], bool]) -> bool:
        self._reap()
        return until()

    def _sleep(self, seconds: float | None, reading: Sequence[int] = ()) -> None:
        select.select([self._wake[0], *reading], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake[0], 4096)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self.children:
                if child.process.pid == pid:
                    child.process.returncode = os.waitstatus_to_exitcode(status)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """SIGCHLD needs a handler to write to the wake-up pipe; the work is done where we wait."""
