"""Files sealed in chunks: AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015).

Layout, version 1: a header of 28 bytes, then chunks of 256 KiB of plaintext, each followed by its 16-byte
tag; only the last may be shorter, and an empty file has one empty chunk.

    header  b"SMF" | version 1 | log2 of the chunk size | salt 16 | nonce prefix 7
    key     HKDF-SHA256(customer's key, salt, info="smartos file 1"): one for each file, so that any number
            of files of one customer stays far from GCM's limits on nonces and on bytes per key
    nonce   prefix 7 | counter 4, big-endian | 1 in the last chunk, else 0
    AAD     the header's first 5 bytes | the object's path

A chunk out of order fails by its counter, a cut or continued file by the last flag, another file's bytes by
the path, another version's by the header.

256 KiB: at 64 KiB GCM runs a tenth slower here; at 1 MiB a Range request that wants one byte decrypts, and
each open download holds, four times as much. The tags cost 0.006 %.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.storage.place import Place, Writing

CHUNK_BITS = 18
CHUNK = 1 << CHUNK_BITS  # bytes of plaintext
TAG = 16
SEALED = CHUNK + TAG
KIND = b"SMF\x01" + bytes([CHUNK_BITS])
SALT = 16
NONCE_PREFIX = 7
HEADER = len(KIND) + SALT + NONCE_PREFIX
MOST_CHUNKS = 1 << 32


class Damaged(Exception):
    """The file is not what was sealed under this path with this key: cut, changed, swapped, or foreign."""


class SealedWriter:
    """Write plaintext, in constant memory; nothing is visible before `close`, and an error in `with` aborts.

    `size` and `sha256` are the plaintext's so far.
    """

    def __init__(self, sink: Writing, *, key: bytes, path: str) -> None:
        salt, prefix = os.urandom(SALT), os.urandom(NONCE_PREFIX)
        self._sink = sink
        self._chunks = _Chunks(key, salt, prefix, path=path)
        self._held = bytearray()  # one chunk at most: whether it is the last is known only at the end
        self._count = 0
        self._digest = hashlib.sha256()
        self._is_open = True
        self.size = 0
        self._send(KIND + salt + prefix)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take all of `data`; how many bytes. A failure of the place aborts the file and is raised."""
        if not self._is_open:
            raise ValueError("write to a closed file")
        view = memoryview(data).cast("B")
        for start in range(0, len(view), CHUNK):
            self._take(view[start : start + CHUNK])
        return len(view)

    def flush(self) -> None:
        """For writers of ZIP and CSV that ask for it; only `close` makes anything visible."""

    def close(self) -> None:
        """Seal the last chunk and publish. A second call does nothing, nor does one after `abort`."""
        if not self._is_open:
            return
        try:
            self._seal(self._held, last=True)
            self._sink.close()
        except BaseException:
            self.abort()
            raise
        self._is_open = False

    def abort(self) -> None:
        """Drop what was written; nothing of it is or becomes visible."""
        if self._is_open:
            self._is_open = False
            self._sink.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _take(self, piece: memoryview) -> None:
        self._held += piece
        self.size += len(piece)
        self._digest.update(piece)
        if len(self._held) > CHUNK:
            self._seal(self._held[:CHUNK], last=False)
            del self._held[:CHUNK]

    def _seal(self, plain: bytearray, *, last: bool) -> None:
        self._send(self._chunks.seal(self._count, plain, last=last))
        self._count += 1

    def _send(self, data: bytes) -> None:
        try:
            self._sink.write(data)
        except BaseException:
            self.abort()
            raise


class SealedReader:
    """A sealed file; `size` is its plaintext's length in bytes, vouched for by the last chunk's tag.

    Raises Missing, and Damaged here or while streaming: plaintext that was handed out before is genuine.
    """

    def __init__(self, place: Place, path: str, *, key: bytes) -> None:
        self._place = place
        self._path = path
        body = place.size(path) - HEADER
        self._count = -(-body // SEALED)  # chunks
        self.size = body - self._count * TAG
        header = self._read(0, HEADER)
        if self._count < 1 or self._count > MOST_CHUNKS or header[: len(KIND)] != KIND:
            raise Damaged(path)
        salt, prefix = header[len(KIND) : len(KIND) + SALT], header[len(KIND) + SALT :]
        self._chunks = _Chunks(key, salt, prefix, path=path)
        self._end = HEADER + body
        self._last = self._open(self._count - 1, self._read(HEADER + (self._count - 1) * SEALED, self._end))

    def stream(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Plaintext bytes `start` to `stop` (excluded), as for a Range request (RFC 9110, 14); by one read.

        Only the chunks that are needed are fetched and opened. Raises ValueError for a range outside the
        file.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError("the range lies outside the file")
        return self._streamed(start, stop)

    def _streamed(self, start: int, stop: int) -> Iterator[bytes]:
        if start == stop:
            return
        first, final = start // CHUNK, (stop - 1) // CHUNK
        for index, plain in self._opened(first, final):
            base = index * CHUNK
            yield plain[max(start - base, 0) : stop - base]

    def _opened(self, first: int, final: int) -> Iterator[tuple[int, bytes]]:
        """Chunks `first` to `final` included, opened; the file's last one is already here."""
        behind = min(final + 1, self._count - 1)
        index = first
        if index < behind:
            pieces = self._place.read(self._path, HEADER + first * SEALED, HEADER + behind * SEALED)
            for index, sealed in enumerate(_cut(pieces), start=first + 1):
                yield index - 1, self._open(index - 1, sealed)
        if index < behind:  # cut at a chunk's edge after it was opened
            raise Damaged(self._path)
        if final == self._count - 1:
            yield final, self._last

    def _open(self, index: int, sealed: bytes) -> bytes:
        try:
            return self._chunks.open(index, sealed, last=index == self._count - 1)
        except InvalidTag:
            raise Damaged(self._path) from None

    def _read(self, start: int, stop: int) -> bytes:
        return b"".join(self._place.read(self._path, max(start, 0), stop))


class _Chunks:
    """One file's key, nonces and AAD."""

    def __init__(self, key: bytes, salt: bytes, prefix: bytes, *, path: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"smartos file 1").derive(key)
        self._cipher = AESGCM(derived)
        self._prefix = prefix
        self._aad = KIND + path.encode("ascii")

    def seal(self, index: int, plain: bytearray, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(index, last), plain, self._aad)

    def open(self, index: int, sealed: bytes, *, last: bool) -> bytes:
        return self._cipher.decrypt(self._nonce(index, last), sealed, self._aad)

    def _nonce(self, index: int, last: bool) -> bytes:
        if index >= MOST_CHUNKS:
            raise OverflowError("a sealed file holds at most 2^32 chunks (1 PiB)")
        return self._prefix + struct.pack(">I?", index, last)


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, as whole sealed chunks; a rest at the end comes too, and its tag will not fit."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= SEALED:
            yield bytes(held[:SEALED])
            del held[:SEALED]
    if held:
        yield bytes(held)
