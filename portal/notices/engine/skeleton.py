"""A letter to many: composed once per language, the personal parts spliced in for each reader.

Where a personal part belongs, a random mark stands while the templates are rendered; the words are then cut at the
marks. What is spliced in is never read again for marks or template words, so a name stays a name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from portal.core import hashes
from portal.mailer import post

PERSONAL = ("full_name", "company_name", "for_you", "unsubscribe")
"""What differs from reader to reader; templates use these names as they use any fact."""

Lines = Sequence[Mapping[str, str]]
"""What may concern a reader, each line as `text` and, ready to stand in a page, as `html`."""

LINES_SHOWN = 3


@dataclass(frozen=True)
class Skeleton:
    """The words of a letter in one language; in `text` and `html` every second piece names a personal part."""

    subject: str
    text: Sequence[str]
    html: Sequence[str]
    lines: Lines = ()

    def for_reader(self, personal: Mapping[str, str], *, concerns: int = 0) -> tuple[str, str]:
        """Text and HTML for one reader, as a preview shows them; parts that are not given stay empty."""
        plain = {part: as_one_line(personal.get(part, "")) for part in PERSONAL}
        escaped = {part: str(escape(value)) for part, value in plain.items()}
        plain["for_you"], escaped["for_you"] = concerning(self.lines, concerns)
        return _filled(self.text, plain), _filled(self.html, escaped)


def concerning(lines: Lines, concerns: int) -> tuple[str, str]:
    """The first three of `lines` whose bit is set (bit i is line i), as text and as HTML, one under the other."""
    chosen = [line for i, line in enumerate(lines) if concerns >> i & 1][:LINES_SHOWN]
    return "\n".join(line["text"] for line in chosen), "\n".join(line["html"] for line in chosen)


def as_one_line(value: str) -> str:
    """A name without what would end a line or steer a screen; other marks and letters stay as they are."""
    if value.isprintable():
        return value
    return " ".join("".join(c if c >= " " and c not in "\x7f" else " " for c in value).split())


def compose(name: str, locale: str, facts: Mapping[str, Any], lines: Lines = ()) -> Skeleton:
    """The letter `name` (`<room>/<letter>`) in one language, from its templates and what is the same for all."""
    marks = {part: f"x{hashes.new_secret()}x" for part in PERSONAL}
    subject, text, html = post.words(name, locale, {**facts, **marks})
    return Skeleton(subject, _cut(text, marks), _cut(html, marks), lines)


def _cut(words: str, marks: Mapping[str, str]) -> list[str]:
    pieces = [words]
    for part, mark in marks.items():
        pieces = [
            found for i, piece in enumerate(pieces) for found in ([piece] if i % 2 else _split(piece, mark, part))
        ]
    return pieces


def _split(words: str, mark: str, part: str) -> list[str]:
    found: list[str] = []
    for piece in words.split(mark):
        found += [piece, part]
    return found[:-1]


def _filled(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    return "".join(values[piece] if i % 2 else piece for i, piece in enumerate(pieces))
