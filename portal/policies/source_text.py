"""From the bytes of an uploaded policy to text that is safe to read, compare and hash."""

import re
import unicodedata

MAX_BYTES = 500_000
"""The longest policy that is read, in bytes of UTF-8; the real one has about 12,000."""

MAX_MARKS = 30
"""Combining marks in a row that a person can mean (Unicode Standard Annex 15, Stream-Safe Text Format)."""

_LINE_ENDS = re.compile("\r\n|[\r\f\v\u0085\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# What is never seen, yet turns words around or makes two equal words differ in a comparison.
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class TextRefused(ValueError):
    """A policy text that cannot be taken; `reason` says why to the page or command that answers a person."""

    reason = "refused"


class EmptyText(TextRefused):
    """There is nothing to read in it."""

    reason = "empty"


class NotText(TextRefused):
    """It is not plain text in UTF-8: a picture, a Word file, another encoding."""

    reason = "not-text"


class TooLong(TextRefused):
    """It has more than MAX_BYTES, or more clauses than anyone would read."""

    reason = "too-long"


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises EmptyText, NotText or TooLong.
    """
    try:
        return clean(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotText from error


def clean(text: str) -> str:
    """The same text in NFC with LF line ends, and without characters that nobody can see.

    Raises EmptyText, NotText or TooLong.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TooLong
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    if _CONTROLS.search(text) or _heaps_marks(text):
        raise NotText
    if not text.strip():
        raise EmptyText
    return unicodedata.normalize("NFC", text)


def _heaps_marks(text: str) -> bool:
    # Normalising sorts the marks of a letter in quadratic time: 40,000 of them would take seconds.
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MAX_MARKS:
            return True
    return False
