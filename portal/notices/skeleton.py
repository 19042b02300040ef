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

PERSONAL = ("full_name",)
"""What differs from reader to reader; templates use these names as they use any fact."""


@dataclass(frozen=True)
class Skeleton:
    """The words of a letter in one language; in `text` and `html` every second piece names a personal part."""

    subject: str
    text: Sequence[str]
    html: Sequence[str]

    def for_reader(self, personal: Mapping[str, str]) -> tuple[str, str]:
        """Text and HTML for one reader."""
        return _filled(self.text, personal), _filled(self.html, {k: str(escape(v)) for k, v in personal.items()})


def compose(name: str, locale: str, facts: Mapping[str, Any]) -> Skeleton:
    """The letter `name` (`<room>/<letter>`) in one language, from its templates and what is the same for all."""
    marks = {part: f"x{hashes.new_secret()}x" for part in PERSONAL}
    subject, text, html = post.words(name, locale, {**facts, **marks})
    return Skeleton(subject, _cut(text, marks), _cut(html, marks))


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
