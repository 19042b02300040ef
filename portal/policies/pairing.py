"""Which clause of the old text became which clause of the new one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable

from portal.policies.clauses import Clause

ALIKE = 0.5
"""The share of words in common from which two clauses are one that was reworded."""


def pair(old: list[Clause], new: list[Clause]) -> dict[int, int]:
    """For the index of a new clause that of the old one; whoever has no partner was added or removed.

    The surest signs go first: an article that was put in shifts the numbers of all that follow, so that
    equal words count for more than an equal number, and an equal number for more than an equal title.
    """
    pairing = _Pairing(old, new)
    pairing.by_key(lambda clause: (clause.number, clause.title, clause.body))
    pairing.by_key(lambda clause: (clause.title, clause.body) if clause.title or clause.body else None)
    pairing.by_key(lambda clause: (clause.number, clause.title) if clause.title else None)
    pairing.by_key(lambda clause: clause.number, only_if=lambda one, other: likeness(one, other) >= ALIKE)
    pairing.by_key(lambda clause: (clause.level, clause.title) if clause.title else None)
    pairing.by_likeness()
    pairing.by_key(lambda clause: clause.number, only_if=lambda one, other: not (one.title and other.title))
    return pairing.partner


def likeness(one: Clause, other: Clause) -> float:
    """The share of words that two clauses have in common, from 0 to 1, whatever their order."""
    return _share(_words(one), _words(other))


class _Pairing:
    def __init__(self, old: list[Clause], new: list[Clause]) -> None:
        self.partner: dict[int, int] = {}
        self._old = dict(enumerate(old))  # what has no partner yet
        self._new = dict(enumerate(new))

    def by_key(
        self,
        key: Callable[[Clause], Hashable],
        *,
        only_if: Callable[[Clause, Clause], bool] = lambda one, other: True,
    ) -> None:
        """Join those with the same key, in their order; None is no key."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for at, clause in self._old.items():
            waiting[key(clause)].append(at)
        for at, clause in list(self._new.items()):
            found = waiting.get(key(clause))
            if key(clause) is not None and found and only_if(self._old[found[0]], clause):
                self._join(found.pop(0), at)

    def by_likeness(self) -> None:
        """Join those that share most of their words, the most alike first."""
        old = {at: _words(clause) for at, clause in self._old.items()}
        new = {at: _words(clause) for at, clause in self._new.items()}
        scores = (
            (_share(old[before], new[after]), before, after)
            for before in old
            for after in new
            if self._old[before].level == self._new[after].level
        )
        for _, before, after in sorted((it for it in scores if it[0] >= ALIKE), key=lambda it: (-it[0], *it[1:])):
            if before in self._old and after in self._new:
                self._join(before, after)

    def _join(self, before: int, after: int) -> None:
        self.partner[after] = before
        del self._old[before], self._new[after]


def _words(clause: Clause) -> Counter[str]:
    return Counter(f"{clause.title} {clause.body}".casefold().split())


def _share(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    if min(one.total(), other.total()) * 2 < ALIKE * total:
        return 0.0  # too different in length to be alike; spares the counting
    return 2 * (one & other).total() / total if total else 0.0
