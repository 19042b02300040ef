"""What the tests of this room share."""

import os
from uuid import uuid4

import pytest

from portal.storage.disk import Disk
from portal.storage.keys import Keys
from portal.storage.sealed import CHUNK, SealedReader, SealedWriter

KEY = bytes(range(32))
PATH = "customers/1/file"
TEXT = os.urandom(4 * CHUNK)


@pytest.fixture
def place(tmp_path):
    return Disk(tmp_path)


def seal(place: Disk, plain: bytes, *, path: str = PATH, step: int | None = None) -> SealedWriter:
    with SealedWriter(place.writer(path), key=KEY, path=path) as writer:
        for start in range(0, len(plain), step or len(plain) or 1):
            writer.write(plain[start : start + (step or len(plain))])
    return writer


def whole(place: Disk, *, path: str = PATH, key: bytes = KEY) -> bytes:
    return b"".join(SealedReader(place, path, key=key).stream())


KEK = bytes(range(32))
ALICE = uuid4()


@pytest.fixture
def store(tmp_path):
    return Disk(tmp_path / "store")


@pytest.fixture
def mirror(tmp_path):
    return Disk(tmp_path / "mirror")


@pytest.fixture
def keys(store, mirror):
    return Keys(store, mirror, KEK)


def fresh(keys_of: tuple[Disk, Disk]) -> Keys:
    """Another process's view: nothing in its memory."""
    return Keys(*keys_of, KEK)
