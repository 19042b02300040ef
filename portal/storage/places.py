"""From a setting's URL to a place: STORAGE_URL and LEDGER_URL (docs/contract.md, Settings)."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.storage.bucket import Bucket
from portal.storage.disk import Disk
from portal.storage.place import BadPlace, Missing, Place, Taken, Unreachable

__all__ = ["BadPlace", "Missing", "Place", "Taken", "Unreachable", "open_place"]


def open_place(url: str, *, root: Path | None = None) -> Place:
    """The place that `url` names; nothing is touched before its first use.

    `file:///absolute/folder`; `file://relative/folder` and plain `file://` under `root`;
    `s3://bucket/prefix`. Raises BadPlace.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise BadPlace("the address of a place has neither '?' nor '#'")
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(url)
    if parts.scheme != "file":
        raise BadPlace("a place is file:///folder or s3://bucket/prefix")
    return Disk(_folder(unquote(parts.netloc + parts.path), root))


def _folder(named: str, root: Path | None) -> Path:
    if named.startswith("/"):
        return Path(named)
    if root is None:
        raise BadPlace("a relative file:// address has nothing to be relative to")
    return root / named
