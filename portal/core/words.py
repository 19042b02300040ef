"""Text as people type it, made one: NFC, no control characters, no bidi overrides; and folded for searching."""

import re
from unicodedata import category, combining, normalize

BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF, 0x200B])
_LINES = re.compile(r"\r\n?|\u2028|\u2029")


class Unprintable(ValueError):
    """The text holds a character that no field accepts (NUL, a control character, half a surrogate)."""


def clean(text: str, *, lines: bool = False) -> str:
    """`text` in NFC, trimmed, without bidi controls; `lines` allows line breaks and tabs.

    Raises Unprintable.
    """
    text = normalize("NFC", _LINES.sub("\n", text)).translate(BIDI)
    allowed = "\n\t" if lines else ""
    if any(category(c) in ("Cc", "Cs") and c not in allowed for c in text.strip()):
        raise Unprintable
    return text.strip()


def fold(text: str) -> str:
    """`text` for searching: without accents, with đ as d, in lower case, single spaces (DECISIONS 21)."""
    folded = normalize("NFKD", text).casefold().translate({ord("đ"): "d", ord("ð"): "d"})
    return " ".join("".join(c for c in folded if not combining(c)).split())
