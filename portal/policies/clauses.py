"""A policy text as numbered clauses: read from plain text or Markdown, written as stable Markdown.

Articles ("4. Title", "Điều 4. Title", "## 4. Title") count up by one from 1. Sub-clauses ("3.1 Title: text",
"### 3.1 Title") count up within their article. A bullet stays in the body of the clause above it. Text before
the first article is clause "0"; a Markdown title that stands there alone is not part of the text.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from portal.policies import headings
from portal.policies.headings import Heading, NumbersOutOfOrder
from portal.policies.paragraphs import to_markdown
from portal.policies.source_text import EmptyText, NotText, TextRefused, TooLong, clean, decode

__all__ = [
    "Clause",
    "EmptyText",
    "NoHeadings",
    "NotText",
    "NumbersOutOfOrder",
    "TextRefused",
    "TooLong",
    "canonical",
    "decode",
    "digest",
    "parse",
]

MAX_CLAUSES = 500
"""A comparison pairs clauses up, so that their number is bounded."""

_PREAMBLE_TITLE = re.compile(r"^#\s+(.*\w.*)$")


class NoHeadings(TextRefused):
    """No line of it begins an article, as "1. Introduction" would."""

    reason = "no-headings"


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered piece of a policy; `body` is Markdown; `level` 1 is an article, 0 what precedes them all."""

    number: str
    title: str
    body: str
    level: int

    @property
    def anchor(self) -> str:
        """Where links to this clause lead: `/privacy-policy#c-9-1`."""
        return "c-" + self.number.replace(".", "-")


def parse(text: str) -> list[Clause]:
    """The clauses of a policy in the order of the text.

    Raises EmptyText, NotText, TooLong, NoHeadings or NumbersOutOfOrder.
    """
    lines = clean(text).split("\n")
    marked = any(map(headings.is_marked_article, lines))
    found = headings.find(lines, marked=marked)
    if not found:
        raise NoHeadings
    if len(found) > MAX_CLAUSES:
        raise TooLong
    return [*_preamble(lines[: min(found)], wrapped=marked), *_numbered(lines, found, wrapped=marked)]


def canonical(clauses: Iterable[Clause]) -> str:
    """The text to store, to hash and to compare; reading it again gives the same clauses."""
    parts = (part for clause in clauses for part in (_heading_line(clause), clause.body) if part)
    return "\n\n".join(parts) + "\n"


def digest(clauses: Iterable[Clause]) -> str:
    """SHA-256 of the canonical text, in hex: proves later which words a person was shown."""
    return hashlib.sha256(canonical(clauses).encode()).hexdigest()


def _heading_line(clause: Clause) -> str:
    marks = "#" * (clause.level + 1)
    if clause.level == 0:
        return f"{marks} {clause.title}" if clause.title else ""
    dot = "." if clause.level == 1 else ""
    return f"{marks} {clause.number}{dot} {clause.title}".rstrip()


def _preamble(lines: list[str], *, wrapped: bool) -> Iterator[Clause]:
    text = to_markdown(lines, wrapped=wrapped)
    first, _, rest = text.partition("\n\n")
    title = _PREAMBLE_TITLE.match(first)
    if not title and text:
        yield Clause("0", "", text, 0)
    elif title and rest:
        yield Clause("0", headings.tidy_title(title[1]), rest, 0)


def _numbered(lines: list[str], found: Mapping[int, Heading], *, wrapped: bool) -> Iterator[Clause]:
    ends = [*found, len(lines)][1:]
    for (start, heading), end in zip(found.items(), ends, strict=True):
        rest = to_markdown(lines[start + 1 : end], wrapped=wrapped)
        text = to_markdown([heading.text], wrapped=wrapped)
        body = "\n\n".join(filter(None, (text, rest)))
        yield Clause(".".join(map(str, heading.number)), heading.title, body, len(heading.number))
