"""The translations: `python -m portal.words compile` for the portal, `python -m portal.words check` for us.

Every room keeps its Vietnamese words in `translations/vi/<room>.po`; the English ones stand in the code.
"""

import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, PoFileParser

LOCALE = "vi"
NAMES = {
    **dict.fromkeys(("_", "_l", "gettext", "lazy_gettext")),
    **dict.fromkeys(("ngettext", "lazy_ngettext"), (1, 2)),
    **dict.fromkeys(("pgettext", "lazy_pgettext"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "lazy_npgettext"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)([-#0 +.\d]*[a-zA-Z])|%%")
TEMPLATES = {".html", ".txt"}


@dataclass(frozen=True)
class Word:
    """One text to translate, or one translation: its place, its context, its singular and plural."""

    place: str
    context: str
    forms: tuple[str, ...]
    translations: tuple[str, ...] = ()
    fuzzy: bool = False

    @classmethod
    def of(cls, message: Message, *, place: str) -> "Word":
        return cls(place, message.context or "", _tuple(message.id), _tuple(message.string or ""), message.fuzzy)

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.forms[0]

    def complaint(self, text: str) -> str:
        first = self.forms[0]
        return f"{self.place}: {text}: “{first if len(first) <= 60 else first[:59] + '…'}”"


class RememberingCatalog(Catalog):
    """Babel's catalogue quietly merges a second entry for a text into the first; this one keeps both."""

    def __init__(self) -> None:
        self.entries: list[Message] = []
        super().__init__(locale=LOCALE)

    def __setitem__(self, msgid: Any, message: Message) -> None:
        if msgid:  # the empty one is the header
            self.entries.append(message)
        super().__setitem__(msgid, message)


def compile_words(root: Path) -> bool:
    """Merge all .po files into the .mo that the portal reads; False when it was newer than them all.

    Raises PoFileError on a file that is not one.
    """
    folder = root / "translations" / LOCALE
    target = folder / "LC_MESSAGES" / "messages.mo"
    sources = [folder, *folder.glob("*.po")]  # the folder too: its time tells of a file taken away
    if target.exists() and target.stat().st_mtime_ns > max(source.stat().st_mtime_ns for source in sources):
        return False
    merged = Catalog(locale=LOCALE)
    for file in _catalogues(root):
        for message in _read(file).entries:
            merged[message.id] = message
    target.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".mo", delete=False) as unfinished:
        write_mo(unfinished, merged)
    Path(unfinished.name).replace(target)
    return True


def complaints(root: Path) -> list[str]:
    """Everything that is wrong with the translations, one line each, with file and line."""
    translated: list[Word] = []
    broken: list[str] = []
    for file in _catalogues(root):
        place = file.relative_to(root)
        try:
            catalogue = _read(file)
        except PoFileError as error:
            broken.append(f"{place}: is no .po file: {error}")
            continue
        translated += [Word.of(message, place=f"{place}:{message.lineno}") for message in catalogue.entries]
        broken += [
            Word.of(gone, place=str(place)).complaint("is commented out; remove it")
            for gone in catalogue.obsolete.values()
        ]
    used = list(in_use(root))
    return [*broken, *_about_each(translated), *_about_pairs(translated), *_about_use(translated, used)]


def in_use(root: Path) -> Iterator[Word]:
    """Every text that code and templates hand to gettext."""
    for file in sorted(root.glob("portal/**/*.py")):
        yield from _extract(file, "python", root=root)
    for file in sorted(root.glob("templates/**/*")):
        if file.suffix in TEMPLATES:
            yield from _extract(file, "jinja2.ext:babel_extract", root=root)


def _extract(file: Path, method: str, *, root: Path) -> Iterator[Word]:
    options = {"silent": "false", "encoding": "utf-8"}  # a template that does not parse is an error here too
    with file.open("rb") as content:
        for line, text, _comments, context in extract(method, content, NAMES, options=options):
            yield Word(f"{file.relative_to(root)}:{line}", context or "", _tuple(text))


def _catalogues(root: Path) -> list[Path]:
    return sorted((root / "translations" / LOCALE).glob("*.po"))


def _read(file: Path) -> RememberingCatalog:
    catalogue = RememberingCatalog()
    with file.open(encoding="utf-8") as lines:
        PoFileParser(catalogue, abort_invalid=True).parse(lines)
    return catalogue


def _about_each(words: Sequence[Word]) -> Iterator[str]:
    for word in words:
        if word.fuzzy:
            yield word.complaint("is marked fuzzy")
        if not all(word.translations):
            yield word.complaint("is not translated")
            continue
        if len(word.forms) > 1 and len(word.translations) != 1:
            yield word.complaint("has more than one plural form, and Vietnamese has one")
        yield from _about_placeholders(word)


def _about_placeholders(word: Word) -> Iterator[str]:
    expected = _placeholders(*word.forms)
    for text in word.translations:
        if found := _placeholders(text) ^ expected:
            yield word.complaint(f"differs in {', '.join(sorted(found))}")
        if expected and "%" in PLACEHOLDER.sub("", text):
            yield word.complaint("has a % that belongs to no placeholder")


def _placeholders(*texts: str) -> set[str]:
    return {match.group() for text in texts for match in PLACEHOLDER.finditer(text) if match.group(1)}


def _about_pairs(words: Sequence[Word]) -> Iterator[str]:
    first: dict[tuple[str, str], Word] = {}
    for word in words:
        earlier = first.setdefault(word.key, word)
        if earlier is word:
            continue
        if earlier.place.partition(":")[0] == word.place.partition(":")[0]:
            yield word.complaint(f"stands twice, first at {earlier.place}")
        elif earlier.translations != word.translations:
            yield word.complaint(f"is translated otherwise at {earlier.place}")


def _about_use(words: Sequence[Word], used: Sequence[Word]) -> Iterator[str]:
    known = {word.key: word for word in words}
    places: dict[tuple[str, str], list[Word]] = defaultdict(list)
    for word in used:
        places[word.key].append(word)
    for key, uses in places.items():
        if key not in known:
            yield uses[0].complaint("has no Vietnamese")
        elif len(known[key].forms) == 1 and any(len(use.forms) > 1 for use in uses):
            yield known[key].complaint(f"needs a msgid_plural, see {uses[0].place}")
    for word in words:
        if word.key not in places:
            yield word.complaint("is used nowhere; remove it")


def _tuple(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def main(arguments: Sequence[str]) -> int:
    """0 done, 1 something is wrong with the words, 2 wrong usage."""
    root = Path.cwd()
    if list(arguments) == ["compile"]:
        compile_words(root)
        return 0
    if list(arguments) != ["check"]:
        print("python -m portal.words compile | check", file=sys.stderr)
        return 2
    found = complaints(root)
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} to mend in the translations.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
