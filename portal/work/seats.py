"""How many threads of a worker work on the rows of one duty at once."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock


class Seats:
    """`limits` by the names of duties; None is no limit."""

    def __init__(self, limits: Mapping[str, int | None]) -> None:
        self._limits = limits
        self._taken: Counter[str] = Counter()
        self._turned_away: set[str] = set()
        self._lock = Lock()

    def take(self, name: str) -> bool:
        """Whether there was a seat. Who is turned away need not come back: whoever leaves is told of it."""
        with self._lock:
            limit = self._limits[name]
            if limit is not None and self._taken[name] >= limit:
                self._turned_away.add(name)
                return False
            self._taken[name] += 1
            return True

    def leave(self, name: str) -> bool:
        """Give the seat back; whether somebody was turned away meanwhile, whose work may have been left undone."""
        with self._lock:
            self._taken[name] -= 1
            was_missed = name in self._turned_away
            self._turned_away.discard(name)
            return was_missed
