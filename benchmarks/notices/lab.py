"""The bench itself: mail servers on both cores, both databases, the portal's own letters, and who sends them."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.notices import databases, sink
from benchmarks.notices.children import OURS, PEERS, ROOT, YARDSTICKS, Took, own_environ, run
from benchmarks.notices.cores import PLACEMENTS, Cores, NotHere, cores
from benchmarks.notices.databases import Database, Stage
from benchmarks.notices.sizes import Sizes

RECORDED = 1_000  # letters that the yardsticks repeat
DELAY = 0.005  # seconds


@dataclass
class Lab:
    """All that the parts share. Each stage is filled once and copied for each run."""

    folder: Path
    cores: Cores
    sink: sink.Program
    sinks: Mapping[str, int]
    databases: list[Database]
    sizes: Sizes
    stages: dict[tuple[str, int, int], Stage] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def stage(self, database: Database, *, people: int, lanes: int) -> Stage:
        """So many people, and a notice to them that nobody has begun to send."""
        key = (database.name, people, lanes)
        if key not in self.stages:
            self.stages[key] = database.new(f"{people}-{lanes}")
            self.ask_people("fill", people, self.stages[key].environ)
            self.ask_people("publish", lanes, self.stages[key].environ)
        return self.stages[key]

    def ask_people(self, act: str, number: int, environ: Mapping[str, str]) -> dict[str, Any]:
        """What benchmarks/notices/people.py tells of `act`."""
        return self.ask("people", act, number, environ=environ)

    def ask(self, program: str, *arguments: object, environ: Mapping[str, str]) -> dict[str, Any]:
        """The last line that a program of this folder prints, which is JSON."""
        command = [sys.executable, "-m", f"benchmarks.notices.{program}", *map(str, arguments)]
        given = {"cwd": ROOT, "env": own_environ(environ), "check": True, "stdout": subprocess.PIPE, "text": True}
        answer: dict[str, Any] = json.loads(subprocess.run(command, **given).stdout.splitlines()[-1])
        return answer

    def send_copy(self, database: Database, stage: Stage, port: int, **how: int) -> Took:
        """As send, from a copy of `stage`, which is thrown away."""
        copy = database.copy(stage, f"copy-{next(self.numbers)}")
        try:
            return self.send(database, copy, port, **how)
        finally:
            database.drop(copy)

    def send(self, database: Database, stage: Stage, port: int, *, processes: int = 1, threads: int = 1) -> Took:
        """The portal's own sending. Raises RuntimeError unless the database knows every letter as sent, once."""
        environ, before = stage.with_mail_at(port), database.cpu()
        took = run("-m", "benchmarks.notices.ours", threads, cpus=self.cores.sender, environ=environ, times=processes)
        server = database.cpu() - before
        states = dict(database.ask(stage, "select state, count(*) from delivery group by state"))
        if set(states) != {"sent"}:
            raise RuntimeError(f"not everything was sent: {states}")
        return replace(took, count=states["sent"], server_cpu=server)

    def beside(self, name: str, port: int, number: int) -> Took:
        """What `number` letters take the yardstick `name`."""
        program, given = YARDSTICKS / f"{name}.py", {"cpus": self.cores.sender, "environ": {}}
        if name != "django_post_office":
            return run(program, self.letters, port, number, python=OURS, **given)
        if not PEERS.exists():
            raise NotHere("django-post-office is not installed: `make bench BENCH=notices` installs it.")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            given["environ"] = {"TMPDIR": folder}  # where it keeps its lock
            took = run(program, self.letters, port, number, folder, python=PEERS, **given)
        if took.told[0]["unsent"]:
            raise RuntimeError(f"django-post-office left {took.told[0]['unsent']} letters unsent")
        return took

    @cached_property
    def letters(self) -> Path:
        """The portal's own letters as they go over the wire, for the yardsticks to send."""
        file, database = self.folder / "letters", self.databases[0]
        stage = self.stage(database, people=min(RECORDED, self.sizes.few), lanes=1)
        with sink.late(self.sinks[PLACEMENTS[0]], self.cores.other, seconds=0, record=file) as port:
            self.send_copy(database, stage, port)
        return file


@contextlib.contextmanager
def opened(sizes: Sizes) -> Iterator[Lab]:
    """Everything started, and ended again with the context. Raises NotHere."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o700)
        both, program = cores(), sink.program()
        ports = {place: stack.enter_context(sink.running(program, both.sink(place))) for place in PLACEMENTS}
        found = stack.enter_context(databases.running(folder))
        yield Lab(folder, both, program, ports, found, sizes)
