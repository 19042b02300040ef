"""Which lines of a policy are headings: by their numbers, since a list in the text is numbered as well."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.policies.source_text import TextRefused

_MAX_TITLE = 150
_Number = tuple[int, ...]

_MARKED = re.compile(
    r"^#{1,6}\s+(?:(?:Điều|Khoản|Mục|Article|Clause|Section)\s+)?"
    r"(\d{1,3}(?:\.\d{1,3}){0,3})([.:)]?)(?:\s+(.*))?$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:(?:Điều|Article)\s+)?(\d{1,3})[.:]\s+(\S.*)$", re.IGNORECASE)
_SUB_CLAUSE = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,3}){1,3})[.:)]?(?:\s+(\S.*))?$")
_CLAUSE_END = (".", ";", ",", ":", "!", "?", "…")


class NumbersOutOfOrder(TextRefused):
    """An article or sub-clause is missing, doubled or misplaced: `found` cannot stand where it stands."""

    reason = "numbers-out-of-order"

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and the text that follows it in the same line."""

    number: _Number
    title: str
    text: str


def find(lines: list[str], *, marked: bool) -> dict[int, Heading]:
    """The headings by the index of their line, in order; raises NumbersOutOfOrder."""
    return _in_markdown(lines) if marked else _PlainReader(_numbered(lines)).read(lines)


def is_marked_article(line: str) -> bool:
    """Whether a line is a Markdown heading of an article, which makes the whole text Markdown."""
    match = _MARKED.match(line)
    return bool(match and "." not in match[1] and match[2])


def tidy_title(title: str) -> str:
    """A title in one line, without the colon or the closing marks of Markdown at its end."""
    words = title.split()
    while words and not words[-1].strip("#:"):
        words.pop()
    return " ".join(words).rstrip(":")


def _in_markdown(lines: list[str]) -> dict[int, Heading]:
    found: dict[int, Heading] = {}
    last: _Number = ()
    for index, line in enumerate(lines):
        heading = _unmistakable(line, last)
        if heading:
            found[index] = heading
            last = heading.number
    return found


def _unmistakable(line: str, last: _Number) -> Heading | None:
    """What no list can be taken for: a heading of Markdown, or the number of a sub-clause."""
    return _marked(line, last) or _sub_clause(line, last)


def _marked(line: str, last: _Number) -> Heading | None:
    match = _MARKED.match(line)
    if not match or not ("." in match[1] or match[2]):
        return None
    number = _parts(match[1])
    if number not in _successors(last):
        raise NumbersOutOfOrder(match[1])
    return _with_title(number, match[3] or "")


def _sub_clause(line: str, last: _Number) -> Heading | None:
    match = _SUB_CLAUSE.match(line)
    text = (match and match[2]) or ""
    if not match or text[:1].islower():  # "as stated in / 3.1 above", "3.5 million": the text goes on
        return None
    number = _parts(match[1])
    if number in _successors(last):
        return _split(number, text)
    if number[:1] == last[:1]:
        raise NumbersOutOfOrder(match[1])
    return None


@dataclass(slots=True)
class _PlainReader:
    """Tells the articles of a plain text from numbered lists inside them, and from a table of contents."""

    numbered: Mapping[int, tuple[int, str]]
    last: _Number = ()
    item: int = 0  # the last number of a list that runs inside the clause
    found: dict[int, Heading] = field(default_factory=dict)

    def read(self, lines: list[str]) -> dict[int, Heading]:
        first = self._first_article(len(lines))
        for index, line in enumerate(lines):
            if index in self.numbered:
                heading = self._article(index) if index >= first else None
            else:
                heading = _unmistakable(line, self.last)
            if heading:
                self.found[index] = heading
                self.last, self.item = heading.number, 0
        return self.found

    def _first_article(self, end: int) -> int:
        """Where "1. Title" stands; where it stands twice, the first is in a table of contents."""
        title = next((title for number, title in self.numbered.values() if number == 1), None)
        return max((at for at, line in self.numbered.items() if line == (1, title)), default=end)

    def _article(self, index: int) -> Heading | None:
        number, title = self.numbered[index]
        if number == _after(self.last) and not self._continues_list(index):
            return _split((number,), title)
        if number in (1, self.item + 1):
            self.item = number
        elif not self.item and not title.endswith(_CLAUSE_END):
            raise NumbersOutOfOrder(str(number))
        return None

    def _continues_list(self, index: int) -> bool:
        number, title = self.numbered[index]
        if not self.item or number != self.item + 1:
            return False
        if title.endswith(_CLAUSE_END) and not self._first_title().endswith(_CLAUSE_END):
            return True
        return self._comes_back(index)

    def _first_title(self) -> str:
        return self.numbered[min(self.found)][1]

    def _comes_back(self, index: int) -> bool:
        """Whether the count goes on for a while and then starts again here: the article is still to come."""
        first = expected = self.numbered[index][0]
        for at, (number, _) in self.numbered.items():
            if at < index:
                continue
            if number != expected:
                return number == first
            expected += 1
        return False


def _numbered(lines: list[str]) -> dict[int, tuple[int, str]]:
    matches = ((index, _ARTICLE.match(line)) for index, line in enumerate(lines))
    return {index: (int(match[1]), match[2].rstrip()) for index, match in matches if match}


def _split(number: _Number, line: str) -> Heading:
    """ "Title: text" and "Title" have a title, a whole sentence has none."""
    before, colon, after = line.partition(": ")
    if colon and len(number) > 1 and ". " not in before and len(before) <= _MAX_TITLE and _may_be_text(after):
        return Heading(number, tidy_title(before), after.strip())
    if len(number) > 1 and line.rstrip().endswith((".", ";", ",")) and _may_be_text(line):
        return Heading(number, "", line.strip())
    return _with_title(number, line)


def _with_title(number: _Number, line: str) -> Heading:
    title = tidy_title(line)
    if len(title) > _MAX_TITLE and _may_be_text(title):
        return Heading(number, "", title)
    return Heading(number, title, "")


def _may_be_text(text: str) -> bool:
    # In a line of its own it would be read as the next heading.
    return text.strip()[:1] not in {"", "#"} and not text.strip()[0].isdigit()


def _successors(last: _Number) -> set[_Number]:
    """After 3.1 may come 3.1.1, 3.2 or 4."""
    return {(*last, 1), *((*last[:depth], last[depth] + 1) for depth in range(len(last)))}


def _after(last: _Number) -> int:
    return last[0] + 1 if last else 1


def _parts(number: str) -> _Number:
    return tuple(map(int, number.split(".")))
