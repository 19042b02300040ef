"""Sealed files when writing fails, the disk is full, or they are large."""

import tracemalloc

import pytest

from portal.storage.sealed import CHUNK, HEADER, SEALED, SealedReader, SealedWriter
from tests.storage.conftest import KEY, PATH, TEXT, seal, whole


def test_an_error_while_writing_leaves_nothing(place):
    writer = SealedWriter(place.writer(PATH), key=KEY, path=PATH)

    def write_and_fail() -> None:
        with writer:
            writer.write(TEXT)
            raise RuntimeError("the row is gone")

    with pytest.raises(RuntimeError, match="the row is gone"):
        write_and_fail()

    assert not place.exists(PATH)
    with pytest.raises(ValueError):
        writer.write(b"more")
    writer.close()
    assert not place.exists(PATH)


def test_closing_twice_is_closing_once(place):
    writer = seal(place, b"text")

    writer.close()
    writer.abort()

    assert whole(place) == b"text"


@pytest.mark.parametrize("budget", [0, HEADER, HEADER + SEALED, HEADER + SEALED + 100])
def test_a_full_disk_leaves_nothing_and_is_said(place, budget):
    class Full:
        """A real staged file on a disk with so many bytes left."""

        def __init__(self) -> None:
            self.file = place.writer(PATH)
            self.left = budget

        def write(self, data):
            if len(data) > self.left:
                raise OSError(28, "No space left on device")
            self.left -= len(data)
            self.file.write(data)

        def close(self):
            self.file.close()

        def abort(self):
            self.file.abort()

    def write_two() -> None:
        with SealedWriter(Full(), key=KEY, path=PATH) as writer:
            writer.write(TEXT[: CHUNK + 100])
            writer.write(TEXT)

    with pytest.raises(OSError, match="No space left"):
        write_two()

    assert list(place.list("")) == []
    assert [name.name for name in (place.local_path / ".staging").iterdir()] == [".lock"]


def test_memory_does_not_grow_with_the_file(place):
    tracemalloc.start()
    try:
        with SealedWriter(place.writer(PATH), key=KEY, path=PATH) as writer:
            for _ in range(160):
                writer.write(TEXT[:CHUNK])
        for _ in SealedReader(place, PATH, key=KEY).stream():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert writer.size == 160 * CHUNK
    assert peak < 12 * CHUNK
