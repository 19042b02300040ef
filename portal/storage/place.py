"""What a place for files is: named objects that appear whole or not at all, on a disk or in a bucket."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class BadPlace(ValueError):
    """The address of a place is not one that the portal can open."""


class Missing(FileNotFoundError):
    """No such object. The text is the object's path, which is made of ids only."""


class Taken(FileExistsError):
    """An object of that name is there already, and the caller asked to create it."""


class Unreachable(OSError):
    """The place did not answer, or refused; trying later may help."""


class Writing(Protocol):
    """An object being written. It becomes visible by `close`, whole; without it there is nothing to see."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Place(Protocol):
    """Objects by path, `a/b/c`, the same on a disk and in a bucket.

    Failures are OSErrors: Missing, Taken, Unreachable, or what the system says (disk full, not permitted).
    Safe to share between threads. Opening one touches nothing: the first use does.
    """

    @property
    def local_path(self) -> Path | None:
        """The folder on this machine, or None for a bucket."""

    def put(self, path: str, data: bytes, *, create: bool = False) -> None:
        """Write a small object whole; with `create` only where none is (raises Taken)."""

    def writer(self, path: str) -> Writing:
        """Write a large object in pieces; replaces what was there when it is closed."""

    def get(self, path: str) -> bytes:
        """A small object, whole. Raises Missing."""

    def read(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        """Bytes `start` to `stop` (excluded) in pieces of any size, by one request. Raises Missing."""

    def size(self, path: str) -> int:
        """Bytes of the object. Raises Missing."""

    def exists(self, path: str) -> bool: ...

    def delete(self, path: str) -> None:
        """Remove one object; a missing one is fine."""

    def list(self, prefix: str) -> Iterator[str]:
        """Paths under `prefix` (`""` or ending in `/`), in no promised order."""

    def delete_prefix(self, prefix: str) -> int:
        """Remove all under `prefix` (ending in `/`), folders' names included; how many objects went."""

    def sync(self, path: str) -> None:
        """Return when the object, or its absence, survives a power cut."""

    def is_versioned(self) -> bool:
        """Whether a deleted object can be read back: no place for keys (DECISIONS 16)."""

    def is_ready(self) -> bool:
        """Whether the place can be written to now. Never raises."""


def is_segment(name: str) -> bool:
    """Whether `name` can stand between two slashes of an object's path."""
    return _SEGMENT.fullmatch(name) is not None


def checked(path: str) -> str:
    """`path` if it names an object plainly, ASCII and without `..`; raises ValueError otherwise."""
    if not all(map(is_segment, path.split("/"))):
        raise ValueError("an object's path is made of segments of letters, digits, '.', '_' and '-'")
    return path


def checked_prefix(prefix: str) -> str:
    """`prefix` if it is whole segments with a `/` at the end, so that `a/1/` never reaches `a/10/…`."""
    if not prefix.endswith("/"):
        raise ValueError("a prefix ends in '/'")
    checked(prefix[:-1])
    return prefix


def plain_id(value: UUID | str) -> str:
    """The one way an id is written in paths and in the ledger: 36 characters. Raises ValueError."""
    return str(value if isinstance(value, UUID) else UUID(value))
