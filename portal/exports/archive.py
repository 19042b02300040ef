"""Building the archive (docs/contract.md): streamed member by member, in constant memory."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from portal.core.categories import Category
from portal.core.datamap import DataMap
from portal.core.steps import reached
from portal.exports import covers, formats, portability
from portal.exports.contents import LeftOut, Order, Part, left_out, parts
from portal.exports.names import safe_name
from portal.exports.schema import schema

COMPRESSION = 6
SHOWN = 10  # newest entries of each table that the index shows itself


class Sink(Protocol):
    """Where the archive's bytes go."""

    def write(self, data: bytes) -> int: ...


class Progress(Protocol):
    """Told of every page of entries and every piece of a file."""

    def advance(self, entries: int) -> None: ...


@dataclass(frozen=True)
class OwnFile:
    """A file that the person uploaded: its name as given, and its bytes in pieces."""

    name: str
    read: Callable[[], Iterator[bytes]]


FileSource = Callable[[Order], Iterator[OwnFile]]


@dataclass(frozen=True)
class Shown:
    """What the index shows of one table: how many entries there are, and the newest of them."""

    part: Part
    count: int
    rows: Sequence[Any]


@dataclass(frozen=True)
class Means:
    """What a build works with: the map, a way to read pages, the rooms' files, and somebody to tell."""

    datamap: DataMap
    read: Callable[[Select[Any]], Sequence[Any]]
    sources: Sequence[FileSource]
    progress: Progress


class Archive:
    """A ZIP that is written as it grows, and remembers of each member what the manifest says."""

    def __init__(self, sink: Sink, progress: Progress) -> None:
        self._sink = sink
        self._progress = progress
        self._zip = ZipStream(compress_type=ZIP_DEFLATED, compress_level=COMPRESSION)
        self.members: list[covers.Member] = []

    def add(
        self, path: str, pieces: Iterator[bytes], *, about: Sequence[Part] = (), stored: bool = False
    ) -> covers.Member:
        """Write one member to its end."""
        member = covers.Member(path, about)
        self._zip.add(_watched(pieces, member), path, compress_type=ZIP_STORED if stored else None)
        for piece in self._zip.file():
            self._sink.write(piece)
        self.members.append(member)
        self._progress.advance(0)
        return member

    def finish(self) -> None:
        """The central directory."""
        for piece in self._zip.footer():
            self._sink.write(piece)


def _watched(pieces: Iterator[bytes], member: covers.Member) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        member.bytes += len(piece)
        yield piece
    member.sha256 = digest.hexdigest()


def build(order: Order, sink: Sink, means: Means) -> None:
    """Write the whole archive. `export.<category>` is reached as each category is done."""
    archive = Archive(sink, means.progress)
    included = parts(means.datamap, order)
    shown: list[Shown] = []
    for category in dict.fromkeys(part.category for part in included):
        own = [part for part in included if part.category == category]
        shown += _add_category(archive, category, own, means, order.locale)
        reached(f"export.{category}")
    if profile := [part for part in included if part.category == Category.PROFILE]:
        archive.add("portability/profile.vcf", iter([portability.vcard(order)]), about=profile)
        archive.add("portability/person.jsonld", iter([portability.linked_data(order)]), about=profile)
    if order.include_files:
        _add_files(archive, order, means)
    gone = left_out(means.datamap, order, included, has_files=bool(means.sources))
    _add_covers(archive, order, shown, gone)
    archive.finish()
    reached("export.written")


def _add_category(archive: Archive, category: Category, own: list[Part], means: Means, locale: str) -> list[Shown]:
    counts, newest = dict.fromkeys(own, 0), {part: deque[Any](maxlen=SHOWN) for part in own}

    def remember(part: Part, rows: Sequence[Any]) -> None:
        counts[part] += len(rows)
        newest[part].extend(rows[-SHOWN:])

    json_file = f"data/{category}.json"
    written = archive.add(json_file, formats.json_document(category, own, _pages(means, remember)), about=own)
    written.rows = sum(counts.values())
    with force_locale(locale):
        archive.add(f"schema/{category}.schema.json", iter([schema(category, own)]), about=own)
        sheet, lines = _sheet(own, means)
        written = archive.add(f"csv/{category}.csv", sheet, about=own)
    written.rows = sum(lines.values())
    return [Shown(part, counts[part], [*newest[part]][::-1]) for part in own]


def _sheet(own: list[Part], means: Means) -> tuple[Iterator[bytes], Mapping[Part, int]]:
    lines = dict.fromkeys(own, 0)

    def remember(part: Part, rows: Sequence[Any]) -> None:
        lines[part] += len(rows)

    return formats.csv_document(own, _pages(means, remember), str(_l("Kind of entry"))), lines


def _pages(means: Means, remember: Callable[[Part, Sequence[Any]], None]) -> formats.Pages:
    """Keyset pages, each read whole and let go before the next; nothing is held open while others write."""

    def pages(part: Part) -> Iterator[Sequence[Any]]:
        after = None
        while rows := means.read(part.page(means.datamap, after)):
            yield rows
            remember(part, rows)
            means.progress.advance(len(rows))
            after = rows[-1][0]

    return pages


def _add_files(archive: Archive, order: Order, means: Means) -> None:
    taken: set[str] = set()
    for source in means.sources:
        for file in source(order):
            name = safe_name(file.name, taken=taken)
            archive.add(f"content/{name}", _told(file.read(), means.progress), stored=True)


def _told(pieces: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        progress.advance(0)


def _add_covers(archive: Archive, order: Order, shown: Sequence[Shown], gone: Sequence[LeftOut]) -> None:
    archive.add("index.html", iter([covers.index(order, shown, archive.members, gone)]))
    archive.add("manifest.json", iter([covers.manifest(order, archive.members, gone)]))
