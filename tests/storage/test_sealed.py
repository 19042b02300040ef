import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.storage.disk import Disk
from portal.storage.places import Missing
from portal.storage.sealed import CHUNK, HEADER, SEALED, TAG, Damaged, SealedReader, SealedWriter
from tests.storage.conftest import KEY, PATH, TEXT, seal, whole

EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 77]


class Counting(Disk):
    """A real folder that counts the bytes read from it."""

    taken = 0

    def read(self, path, start, stop):
        for piece in super().read(path, start, stop):
            self.taken += len(piece)
            yield piece


@pytest.mark.parametrize("length", EDGES)
@pytest.mark.parametrize("step", [None, 100_003, CHUNK])
def test_a_file_comes_back_as_it_was_written(place, length, step):
    plain = TEXT[:length]

    writer = seal(place, plain, step=step)

    assert (writer.size, writer.sha256) == (length, hashlib.sha256(plain).hexdigest())
    assert SealedReader(place, PATH, key=KEY).size == length
    assert place.size(PATH) == HEADER + length + TAG * max(1, -(-length // CHUNK))
    assert whole(place) == plain


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_range_of_any_length_is_what_was_asked_for(tmp_path_factory, data):
    place = Disk(tmp_path_factory.mktemp("sealed"))
    length = data.draw(st.one_of(st.sampled_from(EDGES), st.integers(0, 3 * CHUNK)))
    edge = st.sampled_from([at for at in EDGES if at <= length])
    start, stop = sorted((data.draw(edge | st.integers(0, length)), data.draw(edge | st.integers(0, length))))
    seal(place, TEXT[:length], step=data.draw(st.sampled_from([None, 65_537])))

    got = b"".join(SealedReader(place, PATH, key=KEY).stream(start, stop))

    assert got == TEXT[start:stop]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, CHUNK + 10), max_size=8))
def test_it_does_not_matter_in_which_pieces_a_file_is_written(tmp_path_factory, pieces):
    place = Disk(tmp_path_factory.mktemp("sealed"))
    at = 0
    with SealedWriter(place.writer(PATH), key=KEY, path=PATH) as writer:
        for length in pieces:
            piece = memoryview(TEXT)[at % CHUNK : at % CHUNK + length]
            assert writer.write(piece) == length
            at += length

    assert hashlib.sha256(whole(place)).hexdigest() == writer.sha256
    assert writer.size == sum(pieces)


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 11), (11, 11)])
def test_a_range_outside_the_file_is_refused_before_the_first_byte(place, start, stop):
    seal(place, b"0123456789")
    reader = SealedReader(place, PATH, key=KEY)

    with pytest.raises(ValueError):
        reader.stream(start, stop)


def test_a_range_reads_only_the_chunks_that_it_needs(tmp_path):
    place = Counting(tmp_path)
    seal(place, TEXT)
    reader = SealedReader(place, PATH, key=KEY)
    place.taken = 0

    assert b"".join(reader.stream(CHUNK + 5, CHUNK + 6)) == TEXT[CHUNK + 5 : CHUNK + 6]

    assert place.taken == SEALED


def test_the_same_text_is_never_sealed_the_same_way_twice(place):
    seal(place, b"the same")
    first = place.get(PATH)
    seal(place, b"the same")

    assert place.get(PATH) != first
    assert first[5:HEADER] != place.get(PATH)[5:HEADER]


def test_nothing_of_the_text_is_on_the_disk(place):
    seal(place, b"Nguyen Van An " * 30_000)

    assert b"Nguyen" not in place.get(PATH)


@pytest.mark.parametrize("length", [0, 10, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK])
def test_a_file_cut_anywhere_is_refused(place, length):
    seal(place, TEXT[:length])
    sealed = place.get(PATH)
    cuts = {
        0,
        1,
        HEADER - 1,
        HEADER,
        HEADER + 1,
        HEADER + TAG - 1,
        HEADER + TAG,
        len(sealed) - 1,
        len(sealed) - TAG,
    }
    edges = {HEADER + index * SEALED for index in range(len(sealed) // SEALED + 1)}

    for cut in sorted(cut for cut in cuts | edges if 0 <= cut < len(sealed)):
        place.put(PATH, sealed[:cut])
        with pytest.raises(Damaged):
            whole(place)


@pytest.mark.parametrize("length", [0, 10, CHUNK, CHUNK + 1])
def test_a_file_with_something_added_is_refused(place, length):
    seal(place, TEXT[:length])
    sealed = place.get(PATH)

    for more in (b"\0", b"\0" * TAG, sealed[HEADER:], b"\0" * SEALED):
        place.put(PATH, sealed + more)
        with pytest.raises(Damaged):
            whole(place)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_one_flipped_bit_anywhere_is_refused(tmp_path_factory, data):
    place = Disk(tmp_path_factory.mktemp("sealed"))
    seal(place, TEXT[: data.draw(st.sampled_from([0, 10, CHUNK, CHUNK + 1, 2 * CHUNK]))])
    sealed = bytearray(place.get(PATH))
    at = data.draw(st.one_of(st.integers(0, HEADER), st.integers(0, len(sealed) - 1)))
    sealed[min(at, len(sealed) - 1)] ^= 1 << data.draw(st.integers(0, 7))
    place.put(PATH, bytes(sealed))

    with pytest.raises(Damaged):
        whole(place)


def test_chunks_that_changed_places_are_refused(place):
    seal(place, TEXT)
    sealed = place.get(PATH)
    first, second, rest = (
        sealed[HEADER : HEADER + SEALED],
        sealed[HEADER + SEALED : HEADER + 2 * SEALED],
        HEADER + 2 * SEALED,
    )
    place.put(PATH, sealed[:HEADER] + second + first + sealed[rest:])

    with pytest.raises(Damaged):
        whole(place)


def test_a_chunk_taken_out_of_the_middle_is_refused(place):
    seal(place, TEXT)
    sealed = place.get(PATH)
    place.put(PATH, sealed[: HEADER + SEALED] + sealed[HEADER + 2 * SEALED :])

    with pytest.raises(Damaged):
        whole(place)


def test_files_that_changed_places_are_refused(place):
    seal(place, b"mine", path="customers/1/mine")
    seal(place, b"your", path="customers/1/your")
    place.put("customers/1/your", place.get("customers/1/mine"))

    assert whole(place, path="customers/1/mine") == b"mine"
    with pytest.raises(Damaged):
        whole(place, path="customers/1/your")


def test_another_customers_key_is_refused(place):
    seal(place, b"mine")

    with pytest.raises(Damaged):
        whole(place, key=os.urandom(32))


def test_a_file_cut_at_a_chunks_edge_while_it_is_read_is_refused(place):
    seal(place, TEXT)
    reader = SealedReader(place, PATH, key=KEY)
    place.put(PATH, place.get(PATH)[: HEADER + 2 * SEALED])

    with pytest.raises(Damaged):
        list(reader.stream())
    assert b"".join(reader.stream(0, CHUNK)) == TEXT[:CHUNK]


def test_a_file_that_is_not_there_is_missing(place):
    with pytest.raises(Missing):
        SealedReader(place, PATH, key=KEY)


def test_the_layout_is_the_published_one(place):
    """A file of version 1, sealed once and kept: later code must still open it."""
    kept = bytes.fromhex((Path(__file__).parent / "sealed-v1.hex").read_text())
    place.put(PATH, kept)

    assert whole(place) == "Chào bạn".encode()
