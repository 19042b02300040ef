"""An S3 bucket as a place, by obstore; credentials, region and endpoint come from the AWS_… variables.

A lifecycle rule must end incomplete multipart uploads after a day: what a killed writer sent stays in the
bucket unseen (encrypted, but it stays), and no listing of objects shows it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from portal.storage.place import Missing, Taken, Unreachable, checked, checked_prefix

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, RetryConfig

PART = 8 * 1024 * 1024  # bytes; below it a file is one plain request
PIECE = 256 * 1024  # bytes per piece of a read
PATIENCE: "RetryConfig" = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
}  # obstore's own: three minutes

_used_by: int | None = None  # the process that started obstore's threads; a child forked after that would hang


class Bucket:
    """Objects in `s3://bucket/prefix`; "create" holds against everybody, by If-None-Match (RFC 9110)."""

    local_path = None

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _opened(self) -> S3Store:
        return S3Store.from_url(self._url, client_options=_client(os.environ), retry_config=PATIENCE)

    @property
    def _store(self) -> S3Store:
        _refuse_after_fork()
        return self._opened

    def put(self, path: str, data: bytes, *, create: bool = False) -> None:
        with _plain_errors(path):
            obstore.put(self._store, checked(path), data, mode="create" if create else "overwrite")

    def writer(self, path: str) -> "Sending":
        with _plain_errors(path):
            return Sending(obstore.open_writer(self._store, checked(path), buffer_size=PART), path)

    def get(self, path: str) -> bytes:
        with _plain_errors(path):
            return bytes(obstore.get(self._store, checked(path)).bytes())

    def read(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        if start >= stop:
            return
        with _plain_errors(path):
            found = obstore.get(self._store, checked(path), options={"range": (start, stop)})
            for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def size(self, path: str) -> int:
        with _plain_errors(path):
            return obstore.head(self._store, checked(path))["size"]

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except Missing:
            return False
        return True

    def delete(self, path: str) -> None:
        """One by one: of a list with one missing path, obstore may leave others where they are."""
        try:
            with _plain_errors(path):
                obstore.delete(self._store, checked(path))
        except Missing:
            return

    def list(self, prefix: str) -> Iterator[str]:
        with _plain_errors(prefix):
            for page in obstore.list(self._store, checked_prefix(prefix) if prefix else None, chunk_size=1000):
                yield from (found["path"] for found in page)

    def delete_prefix(self, prefix: str) -> int:
        """Deletes while it lists, one by one; a run that was cut off is finished by the next."""
        removed = 0
        for path in self.list(checked_prefix(prefix)):
            self.delete(path)
            removed += 1
        return removed

    def sync(self, path: str) -> None:
        """Nothing to do: S3 answers when an object, or its absence, is durable."""

    def is_versioned(self) -> bool:
        path = f"probe/{secrets.token_hex(16)}"
        with _plain_errors(path):
            written = obstore.put(self._store, path, b"?")
        self.delete(path)
        return written["version"] is not None

    def is_ready(self) -> bool:
        try:
            next(self.list("ready/"), None)
        except OSError:
            return False
        return True


class Sending:
    """A file on its way into a Bucket: nothing is seen before `close`, and without it nothing ever."""

    def __init__(self, sink: Any, path: str) -> None:
        self._sink = sink
        self._path = path

    def write(self, data: bytes) -> None:
        with _plain_errors(self._path):
            self._sink.write(data)

    def close(self) -> None:
        with _plain_errors(self._path):
            self._sink.close()

    def abort(self) -> None:
        self._sink = None  # the parts already sent wait for the bucket's lifecycle rule


@contextmanager
def _plain_errors(path: str) -> Iterator[None]:
    try:
        yield
    except AlreadyExistsError:
        raise Taken(path) from None
    except FileNotFoundError:
        raise Missing(path) from None
    except BaseError as error:
        raise Unreachable(f"the bucket did not answer as it should ({type(error).__name__})") from error


def _refuse_after_fork() -> None:
    """obstore's threads do not survive fork(), not even for a new store: the child would silently hang."""
    global _used_by
    _used_by = _used_by or os.getpid()
    if _used_by != os.getpid():
        raise RuntimeError("a bucket was used before this process was forked; fork first, then use it")


def _client(environ: Any) -> "ClientConfig":
    endpoint = environ.get("AWS_ENDPOINT_URL") or environ.get("AWS_ENDPOINT") or ""
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=5),
        "timeout": timedelta(seconds=30),
    }
