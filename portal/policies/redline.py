"""Two texts word by word: what stayed, what was put in, what was taken out.

Words are mapped to single characters and given to diff-match-patch: difflib takes ten seconds for what this
does in hundredths of one. Vietnamese writes each syllable as a word, so that white space is enough to split.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from diff_match_patch import diff_match_patch

_TOKEN = re.compile(r"\n|[^\S\n]*\S+[^\S\n]*")
_PRIVATE_USE = range(0xE000, 0xF900)
_BEYOND = 0x10000  # the supplementary planes, past the surrogates and all that the first plane means


class SpanKind(StrEnum):
    """What happened to a piece of text."""

    SAME = "same"
    INSERTED = "ins"
    DELETED = "del"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text as typed, never HTML: a template escapes it and sets the <ins> or <del> around it."""

    kind: SpanKind
    text: str


_KINDS = {
    diff_match_patch.DIFF_EQUAL: SpanKind.SAME,
    diff_match_patch.DIFF_INSERT: SpanKind.INSERTED,
    diff_match_patch.DIFF_DELETE: SpanKind.DELETED,
}


def split(text: str) -> list[str]:
    """Words with the white space around them, and line ends, so that joined they are the text again."""
    return _TOKEN.findall(text)


def mark(old: str, new: str, *, seconds: float) -> list[Span]:
    """The spans that lead from `old` to `new`.

    After about `seconds` what is not yet compared counts as replaced: the result stays true, only coarser.
    """
    if old.split() == new.split() and old.count("\n") == new.count("\n"):
        return whole(new, SpanKind.SAME)
    old_words, new_words = split(old), split(new)
    codes: dict[str, str] = {"\n": "\n"}
    differ = diff_match_patch()
    differ.Diff_Timeout = seconds
    edits = differ.diff_main(_encode(old_words, codes), _encode(new_words, codes), False)
    differ.diff_cleanupSemantic(edits)
    return _keep_apart(_spell(edits, old_words, new_words))


def whole(text: str, kind: SpanKind) -> list[Span]:
    """A text of which all has the same kind."""
    return [Span(kind, text)] if text else []


def is_changed(spans: list[Span]) -> bool:
    """Whether anything was put in or taken out."""
    return any(span.kind is not SpanKind.SAME for span in spans)


def _encode(words: list[str], codes: dict[str, str]) -> str:
    """A character for each word; a line end stays one, since diff-match-patch likes to cut there."""
    return "".join(codes.setdefault(word if word == "\n" else word.strip(), _character(len(codes))) for word in words)


def _character(index: int) -> str:
    return chr(_PRIVATE_USE[index] if index < len(_PRIVATE_USE) else _BEYOND + index - len(_PRIVATE_USE))


def _spell(edits: list[tuple[int, str]], old: list[str], new: list[str]) -> list[Span]:
    spans: list[Span] = []
    at_old = at_new = 0
    for operation, characters in edits:
        kind, count = _KINDS[operation], len(characters)
        words = old[at_old : at_old + count] if kind is SpanKind.DELETED else new[at_new : at_new + count]
        at_old += count if kind is not SpanKind.INSERTED else 0
        at_new += count if kind is not SpanKind.DELETED else 0
        spans.append(Span(kind, "".join(words)))
    return spans


def _keep_apart(spans: list[Span]) -> list[Span]:
    """A space where the last word of a span would otherwise touch the first word of the next."""
    apart: list[Span] = []
    for span, after in zip(spans, [*spans[1:], None], strict=True):
        touches = after is not None and not span.text[-1].isspace() and not after.text[0].isspace()
        apart.append(replace(span, text=span.text + " ") if touches else span)
    return apart
