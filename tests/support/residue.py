"""Looking for planted words in every byte under a folder, compressed and encoded forms included."""

import base64
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import normalize


def forms(word: str) -> Iterator[bytes]:
    """How a word may lie in a file: UTF-8 composed and decomposed, UTF-16, in any case of its first letters, base64."""
    for text in {word, word.lower(), word.upper()}:
        for shape in ("NFC", "NFD"):
            yield normalize(shape, text).encode()
        yield text.encode("utf-16-le")
        raw = text.encode()
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + raw)
            yield coded[(shift * 8 + 5) // 6 : -4]


def files_with(folder: Path, words: Iterable[str]) -> list[Path]:
    """The files under `folder` in whose bytes, or in whose name, one of the words lies."""
    needles = {form for word in words for form in forms(word) if len(form) >= 3}
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and holds(file, needles)]


def holds(file: Path, needles: set[bytes]) -> bool:
    content = file.read_bytes() + str(file).encode()
    return any(needle in layer for layer in layers(content) for needle in needles)


def layers(content: bytes) -> Iterator[bytes]:
    """The bytes as they lie, and what comes out where they are a zlib or gzip stream."""
    yield content
    try:
        yield zlib.decompress(content, wbits=47)
    except zlib.error:
        return
