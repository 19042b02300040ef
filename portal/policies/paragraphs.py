"""From the lines below a heading to tidy Markdown: one line a paragraph, bullets together."""

import re
from collections.abc import Iterable

_BULLET = re.compile(r"^( *)[-*+•‣◦▪●–—]\s+(?=\S)")
_ITEM = re.compile(r"^ *(?:-|\d{1,3}[.)]) +\S")
_POINT = re.compile(r"^ *[a-zđ]{1,2}\)\s")  # a), b), … đ) as Vietnamese law writes its points
_OWN_LINE = re.compile(r"^ *[|>]")  # the rows of a table, the lines of a quotation
_HEADING = re.compile(r"^#{1,6}(?:\s|$)")
_RULE = re.compile(r"^[\s\-*_=]*$")
_SENTENCE_END = (".", ":", ";", "!", "?", "…")


def to_markdown(lines: Iterable[str], *, wrapped: bool) -> str:
    """The body of a clause, stable: made again from its own result, it stays the same.

    `wrapped` says that the lines of a paragraph belong together (Markdown). In plain text each line is a
    paragraph, except where it goes on in the middle of a sentence.
    """
    blocks: list[list[str]] = []  # each in pieces, since growing a string over and over takes quadratic time
    after_blank, line_break = True, " "
    for line in map(_with_one_kind_of_bullet, lines):
        if _RULE.match(line):
            after_blank = True
            continue
        if not after_blank and _continues(blocks[-1], line, wrapped=wrapped):
            blocks[-1].append(line_break + line.strip())
        else:
            blocks.append([line.rstrip() if wrapped or _ITEM.match(line) else line.strip()])
        after_blank = False
        line_break = _break_after(line) if wrapped else " "
    return _join("".join(block) for block in blocks)


def _with_one_kind_of_bullet(line: str) -> str:
    return line if _RULE.match(line) else _BULLET.sub(r"\1- ", line.expandtabs(4))


def _continues(block: list[str], line: str, *, wrapped: bool) -> bool:
    for pattern in (_ITEM, _POINT, _OWN_LINE, _HEADING):
        if pattern.match(line):
            return False
    start = "".join(block[:2])
    if _HEADING.match(start) or _OWN_LINE.match(start):
        return False
    if wrapped:
        return True
    if _ITEM.match(start) and line.startswith(" "):
        return True
    return line.lstrip()[0].islower() and not block[-1].endswith(_SENTENCE_END)


def _break_after(line: str) -> str:
    """Markdown's two ways to ask for a line break: two spaces or a backslash at the end."""
    if line.endswith("  "):
        return "\\\n"
    return "\n" if line.endswith("\\") else " "


def _join(blocks: Iterable[str]) -> str:
    parts: list[str] = []
    previous = ""
    for block in blocks:
        parts += ["\n" if _belong_together(previous, block) else "\n\n", block]
        previous = block
    return "".join(parts[1:])


def _belong_together(one: str, other: str) -> bool:
    return any(pattern.match(one) and pattern.match(other) for pattern in (_ITEM, _OWN_LINE))
