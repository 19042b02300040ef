"""Which processor each part runs on: the sender on one, the mail server on the same one or on another.

One letter and one answer take turns, so whether both share a core changes a rate by three to five times
(docs/performance.md). Nothing here is left to the scheduler but the database server of PostgreSQL.
"""

import os
from dataclasses import dataclass

Cpus = frozenset[int]


class NotHere(RuntimeError):
    """This machine cannot run the benchmark; the text says why and what would help."""


@dataclass(frozen=True)
class Cores:
    """The two cores in use."""

    sender: Cpus
    other: Cpus

    def sink(self, placement: str) -> Cpus:
        """Where the mail server runs in this placement."""
        return self.sender if placement == SAME else self.other


CROSS, SAME = "different cores", "same core"
PLACEMENTS = (CROSS, SAME)


def cores() -> Cores:
    """The last two cores that this process may use. Raises NotHere."""
    if not hasattr(os, "sched_setaffinity"):
        raise NotHere("The benchmark of notices pins processes to cores, which needs Linux.")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise NotHere("The benchmark of notices needs two cores: one for the sender, one for the mail server.")
    return Cores(frozenset(usable[-1:]), frozenset(usable[-2:-1]))


def everything() -> Cpus:
    """Every core that this process may use."""
    return frozenset(os.sched_getaffinity(0))
