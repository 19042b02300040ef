"""A version and a comparison, arranged for a page: articles with their sub-clauses, changes as paragraphs of spans."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from markupsafe import Markup

from portal.policies import comparison, rendering
from portal.policies.clauses import Clause
from portal.policies.comparison import ChangeKind, ClauseChange, Span
from portal.policies.models import PolicyText

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_EMPHASIS = re.compile(r"(\*{1,2})(\S(?:[^*\n]*\S)?)\1")
_BULLET = re.compile(r"^( *)- ", re.MULTILINE)


@dataclass(frozen=True)
class ShownClause:
    """A clause with its body as safe HTML."""

    number: str
    anchor: str
    title: str
    body: Markup
    parts: tuple["ShownClause", ...] = ()


@dataclass(frozen=True)
class ShownChange:
    """What became of a clause; `title` and each paragraph of `body` are spans, a line end inside is a span's own."""

    kind: ChangeKind
    is_reworded: bool
    number: str
    old_number: str
    title: list[Span]
    body: list[list[Span]]


def articles(text: PolicyText) -> tuple[ShownClause, ...]:
    """The articles of a text with their sub-clauses; the preamble, if any, first."""
    return _arranged(text.sha256, tuple(text.clauses))


@lru_cache(maxsize=32)
def _arranged(sha256: str, clauses: tuple[Clause, ...]) -> tuple[ShownClause, ...]:
    starts = [i for i, clause in enumerate(clauses) if clause.level < 2]
    ends = [*starts[1:], len(clauses)]
    return tuple(_shown(clauses[start], clauses[start + 1 : end]) for start, end in zip(starts, ends, strict=True))


def _shown(clause: Clause, parts: tuple[Clause, ...] = ()) -> ShownClause:
    return ShownClause(
        clause.number,
        clause.anchor,
        clause.title,
        rendering.to_html(clause.body),
        tuple(_shown(p) for p in parts),
    )


def plain(clauses: Iterable[Clause]) -> list[Clause]:
    """The clauses as people read them, for comparing: where a link leads stays visible, marks of Markdown go."""
    return [replace(clause, body=_plain(clause.body)) for clause in clauses]


def _plain(body: str) -> str:
    body = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1 (\2)", body))
    return _BULLET.sub(r"\1• ", body).replace("\\\n", "\n")


def changes(old: PolicyText, new: PolicyText) -> tuple[list[ShownChange], comparison.Summary]:
    """The clauses that differ, and how many met which fate."""
    return _compared(old.sha256, new.sha256, tuple(old.clauses), tuple(new.clauses))


@lru_cache(maxsize=64)
def _compared(
    old_sha256: str, new_sha256: str, old: tuple[Clause, ...], new: tuple[Clause, ...]
) -> tuple[list[ShownChange], comparison.Summary]:
    found = comparison.compare(plain(old), plain(new))
    shown = [_change(change) for change in found if change.kind != ChangeKind.SAME]
    return shown, comparison.summary(found)


def _change(change: ClauseChange) -> ShownChange:
    return ShownChange(
        kind=change.kind,
        is_reworded=change.is_reworded,
        number=_number(change.new, change.old),
        old_number=_number(change.old, change.new),
        title=change.title,
        body=_paragraphs(change.body),
    )


def _number(*clauses: Clause | None) -> str:
    """The number of the first that is there: what was added has no old clause, what was removed no new one."""
    return next(clause.number for clause in clauses if clause)


def _paragraphs(spans: list[Span]) -> list[list[Span]]:
    """Cut at line ends, so that each paragraph or bullet stands in its own line."""
    lines: list[list[Span]] = [[]]
    for span in spans:
        first, *rest = span.text.split("\n")
        lines[-1].append(Span(span.kind, first))
        lines += [[Span(span.kind, piece)] for piece in rest]
    return [shown for line in lines if (shown := [span for span in line if span.text.strip()])]
