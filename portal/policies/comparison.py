"""What changed from one version of a policy to another, clause by clause and word by word (clause 12.1)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.policies import redline
from portal.policies.clauses import Clause
from portal.policies.pairing import pair
from portal.policies.redline import Span, SpanKind

__all__ = ["ChangeKind", "ClauseChange", "Span", "SpanKind", "Summary", "compare", "summary"]

SECONDS = 2.0
"""About how long the words of a whole comparison may take, shared out by the length of the clauses."""

_START = -1


class ChangeKind(StrEnum):
    """What happened to a clause."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause before and after, its title and body as spans. One that moved may be reworded as well."""

    kind: ChangeKind
    old: Clause | None
    new: Clause | None
    title: list[Span]
    body: list[Span]

    @property
    def is_reworded(self) -> bool:
        """Whether a word of it changed, wherever it stands now."""
        return redline.is_changed(self.title) or redline.is_changed(self.body)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many clauses met which fate."""

    same: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0

    @property
    def differences(self) -> int:
        """How many clauses a reader should look at; 0 when both versions say the same."""
        return self.changed + self.added + self.removed + self.moved


def compare(old: list[Clause], new: list[Clause]) -> list[ClauseChange]:
    """The changes in the order of the new text; what was removed follows the clause it used to follow."""
    partner = pair(old, new)
    pace = SECONDS / max(1, sum(len(clause.body) for clause in (*old, *new)))
    removed = _removed(old, kept=set(partner.values()))
    changes = list(removed[_START])
    for at, clause in enumerate(new):
        if at not in partner:
            changes.append(_lone(ChangeKind.ADDED, clause))
            continue
        changes.append(_change(old[partner[at]], clause, pace=pace))
        changes.extend(removed[partner[at]])
    return changes


def summary(changes: Iterable[ClauseChange]) -> Summary:
    """The counts for a line such as "3 changed, 1 added"."""
    return Summary(**Counter(change.kind.value for change in changes))


def _removed(old: list[Clause], *, kept: set[int]) -> defaultdict[int, list[ClauseChange]]:
    """What was removed, by the index of the old clause before it that is still there (_START: none)."""
    last = _START
    removed: defaultdict[int, list[ClauseChange]] = defaultdict(list)
    for at, clause in enumerate(old):
        if at in kept:
            last = at
        else:
            removed[last].append(_lone(ChangeKind.REMOVED, clause))
    return removed


def _lone(kind: ChangeKind, clause: Clause) -> ClauseChange:
    fate = SpanKind.INSERTED if kind is ChangeKind.ADDED else SpanKind.DELETED
    title, body = redline.whole(clause.title, fate), redline.whole(clause.body, fate)
    if kind is ChangeKind.ADDED:
        return ClauseChange(kind, None, clause, title, body)
    return ClauseChange(kind, clause, None, title, body)


def _change(old: Clause, new: Clause, *, pace: float) -> ClauseChange:
    title = redline.mark(old.title, new.title, seconds=SECONDS)
    body = redline.mark(old.body, new.body, seconds=pace * (len(old.body) + len(new.body)))
    kind = ChangeKind.CHANGED if redline.is_changed([*title, *body]) else ChangeKind.SAME
    return ClauseChange(kind if old.number == new.number else ChangeKind.MOVED, old, new, title, body)
