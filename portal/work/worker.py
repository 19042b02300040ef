"""The worker: a huey consumer that answers the doorbell and keeps the schedule. Any number, on any machines."""

import gc
import os
from collections.abc import Callable, Mapping

import structlog
from flask import Flask
from huey import Huey, crontab

from portal.work import runner
from portal.work.doorbell import make_queue
from portal.work.seats import Seats

log = structlog.get_logger(__name__)

THREADS = 12
"""More than any duty takes at once (`Duty.at_once`), so that a letter never waits until a sending is over."""

GIVES_WAY = 10
"""Steps of niceness: a person who waits for a page goes before a letter that nobody waits for."""


def connect(app: Flask, schedule: Mapping[str, tuple[str, Callable[[], object]]]) -> None:
    """Give the app its queue, the task behind the bell, and the periodic work (name → crontab minute, function)."""
    queue = make_queue(app.extensions["settings"])
    app.extensions["queue"] = queue
    app.extensions["ring"] = queue.task(name="ring")(_answering(app))
    for name, (minute, act) in {"sweep": ("*", runner.sweep), **schedule}.items():
        queue.periodic_task(crontab(minute=minute), name=name)(_in_context(app, act))


def _answering(app: Flask) -> Callable[[str], None]:
    seats = Seats({name: duty.at_once for name, duty in app.extensions["duties"].items()})

    def answer(name: str) -> None:
        if not seats.take(name):
            return
        try:
            with app.app_context():
                runner.run(name)
        finally:
            if seats.leave(name):
                app.extensions["ring"](name)

    return answer


def _in_context(app: Flask, act: Callable[[], object]) -> Callable[[], None]:
    def perform() -> None:
        with app.app_context():
            act()

    perform.__name__ = getattr(act, "__name__", "perform")
    return perform


def work(queue: Huey) -> None:
    """Answer until told to stop (SIGTERM or SIGINT); what was under way is claimed again when its lease ends.

    What was left while no worker ran is rung for first, not at the next full minute.
    """
    os.nice(GIVES_WAY)
    settle_memory()
    runner.sweep()
    queue.create_consumer(workers=THREADS, worker_type="thread", initial_delay=0.05, max_delay=0.5).run()


def settle_memory() -> None:
    """Whatever was made at the start stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
