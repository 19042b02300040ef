"""What people of Smartos write: paragraphs, lists and two placeholders. Never a template: no engine ever reads it.

A text is cut into pieces, each plain words or the name of a placeholder; the letter's own templates set the pieces.
So whatever else looks like a template ("{{ 7*7 }}", "{0.__class__}") stays what it is: words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

SUBJECT_LENGTH = 150
BODY_LENGTH = 20_000
LINK_LENGTH = 500
LABEL_LENGTH = 60
ADVERTISING = "[QC]"
"""Stands first in the subject of every advertising letter (Decree 91/2020)."""

_PLACEHOLDER = re.compile(r"\{(full_name|company_name)\}")
_LIKE_A_PLACEHOLDER = re.compile(r"\{[ \t]*[^\W\d][\w .-]{0,60}\}")
_MARKED = re.compile(r"(?:\s*\[\s*(?:QC|AD)\s*\])+\s*", re.IGNORECASE)
_ITEM = re.compile(r"[-*•][ \t]+")


@dataclass(frozen=True)
class Piece:
    """Words as typed, or (with `name`) the place of what differs from reader to reader."""

    words: str
    name: str = ""


Line = Sequence[Piece]


@dataclass(frozen=True)
class Block:
    """A paragraph of lines, or a list of items."""

    is_list: bool
    lines: Sequence[Line]


def blocks(body: str) -> list[Block]:
    """The text cut up: blank lines end a paragraph, lines that begin with "- " are items of a list."""
    found: list[tuple[bool, list[Line]]] = []
    goes_on = False
    for line in body.splitlines():
        item = _ITEM.match(line.lstrip())
        words = line.lstrip()[item.end() :] if item else line
        if not words.strip():
            goes_on = False
            continue
        is_list = item is not None
        if not goes_on or found[-1][0] != is_list:
            found.append((is_list, []))
        found[-1][1].append(pieces(words.strip()))
        goes_on = True
    return [Block(is_list, lines) for is_list, lines in found]


def pieces(line: str) -> list[Piece]:
    """One line, cut at its placeholders."""
    return [piece for piece in _pieces(line) if piece.words or piece.name]


def _pieces(line: str) -> Iterator[Piece]:
    for number, part in enumerate(_PLACEHOLDER.split(line)):
        yield Piece("", part) if number % 2 else Piece(part)


def unknown_placeholders(text: str) -> list[str]:
    """What was meant as a placeholder and is none: {name}, {{full_name}}, { full_name }; each once, as typed."""
    doubled = re.findall(r"\{\{[ \t]*(?:full_name|company_name)[ \t]*\}\}", text)
    meant = _LIKE_A_PLACEHOLDER.findall(text)
    return list(dict.fromkeys([*doubled, *(words for words in meant if not _PLACEHOLDER.fullmatch(words))]))


def placeholders(text: str) -> list[str]:
    """The placeholders of the text, as typed."""
    return [match[0] for match in _PLACEHOLDER.finditer(text)]


def without_mark(subject: str) -> str:
    """A subject without the mark of advertising, which the portal puts first itself, once."""
    found = _MARKED.match(subject)
    return subject[found.end() :] if found else subject


def host_of(link: str) -> str | None:
    """The host that an https link leads to, as its name is looked up; None when it is no link for a letter."""
    if not link.isascii() or any(sign.isspace() or sign in '\\<>"{}|^`' for sign in link):
        return None
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    is_plain = parts.scheme == "https" and parts.username is None and parts.password is None and port in (None, 443)
    return host if is_plain and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) else None
