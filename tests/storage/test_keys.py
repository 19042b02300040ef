import base64
import os
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.storage.disk import Disk
from portal.storage.keys import BadKey, KeyForgotten, Keys, KeyStillThere, WrongStorageKey, parse_key
from tests.storage.conftest import ALICE, KEK, fresh

BOB = uuid4()


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Interrupted(Disk):
    """A real folder in which somebody else comes first, once, just before an object is put."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.before_put = lambda: None

    def put(self, path, data, *, create=False):
        act, self.before_put = self.before_put, lambda: None
        act()
        super().put(path, data, create=create)


def test_a_customer_gets_one_key_and_keeps_it(keys, store, mirror):
    key = keys.make(ALICE)

    assert len(key) == 32
    assert keys.make(ALICE) == key
    assert keys.get(ALICE) == key
    assert fresh((store, mirror)).get(str(ALICE).upper()) == key
    assert keys.make(BOB) != key


def test_both_places_hold_the_key_wrapped_under_its_id(keys, store, mirror):
    key = keys.make(ALICE)

    wrapped = store.get(f"keys/{ALICE}")
    assert len(wrapped) == 40
    assert mirror.get(f"keys/{ALICE}") == wrapped
    assert key not in wrapped
    assert keys.count() == (1, 1)
    assert list(keys.customers()) == [str(ALICE)]


def test_a_customer_without_a_key_has_none_made_by_reading(keys):
    with pytest.raises(KeyForgotten):
        keys.get(ALICE)

    assert keys.count() == (0, 0)


def test_forgetting_leaves_the_key_in_neither_place_nor_in_memory(keys):
    keys.make(ALICE)
    keys.make(BOB)

    keys.forget(ALICE)
    keys.forget(ALICE)

    assert keys.count() == (1, 1)
    assert list(keys.customers()) == [str(BOB)]
    with pytest.raises(KeyForgotten):
        keys.get(ALICE)


def test_forgetting_takes_the_mirror_first(tmp_path, store):
    """Killed in between, only the store still has it, and a restore copies from the mirror alone."""

    class Unwilling(Disk):
        def delete(self, path):
            raise OSError("not now")

    keys = Keys(Unwilling(tmp_path / "store"), Disk(tmp_path / "mirror"), KEK)
    keys.make(ALICE)

    with pytest.raises(OSError, match="not now"):
        keys.forget(ALICE)

    assert keys.count() == (1, 0)


def test_forgetting_is_not_done_while_a_place_still_shows_the_key(tmp_path, store):
    class Deaf(Disk):
        def delete(self, path):
            pass

    keys = Keys(store, Deaf(tmp_path / "mirror"), KEK)
    keys.make(ALICE)

    with pytest.raises(KeyStillThere):
        keys.forget(ALICE)


def test_a_key_forgotten_elsewhere_is_gone_here_within_sixty_seconds(store, mirror):
    clock = Seconds()
    keys = Keys(store, mirror, KEK, monotonic=clock)
    key = keys.make(ALICE)
    fresh((store, mirror)).forget(ALICE)

    clock.now += 59.9
    assert keys.get(ALICE) == key
    clock.now += 0.1
    with pytest.raises(KeyForgotten):
        keys.get(ALICE)


def test_reading_again_and_again_does_not_keep_a_key_alive(store, mirror):
    clock = Seconds()
    keys = Keys(store, mirror, KEK, monotonic=clock)
    keys.make(ALICE)
    fresh((store, mirror)).forget(ALICE)

    for _ in range(5):
        clock.now += 10
        keys.get(ALICE)
    clock.now += 10
    with pytest.raises(KeyForgotten):
        keys.get(ALICE)


def test_making_never_answers_from_memory(store, mirror):
    keys = Keys(store, mirror, KEK, monotonic=Seconds())
    old = keys.make(ALICE)
    fresh((store, mirror)).forget(ALICE)

    new = keys.make(ALICE)

    assert new != old
    assert fresh((store, mirror)).get(ALICE) == new


def test_a_missing_mirror_is_put_back_by_reading(store, mirror):
    key = fresh((store, mirror)).make(ALICE)
    mirror.delete(f"keys/{ALICE}")

    assert fresh((store, mirror)).get(ALICE) == key

    assert mirror.get(f"keys/{ALICE}") == store.get(f"keys/{ALICE}")


def test_a_key_that_only_the_mirror_kept_is_used_again_and_not_replaced(store, mirror):
    key = fresh((store, mirror)).make(ALICE)
    store.delete(f"keys/{ALICE}")

    assert fresh((store, mirror)).make(ALICE) == key

    assert store.get(f"keys/{ALICE}") == mirror.get(f"keys/{ALICE}")


def test_a_reader_that_heals_while_the_key_is_forgotten_brings_nothing_back(tmp_path, store):
    mirror = Interrupted(tmp_path / "mirror")
    fresh((store, mirror)).make(ALICE)
    mirror.delete(f"keys/{ALICE}")
    reader = fresh((store, mirror))
    mirror.before_put = lambda: fresh((store, mirror)).forget(ALICE)

    with pytest.raises(KeyForgotten):
        reader.get(ALICE)

    assert reader.count() == (0, 0)


def test_another_storage_key_opens_nothing_and_harms_nothing(keys, store, mirror):
    key = keys.make(ALICE)

    with pytest.raises(WrongStorageKey):
        Keys(store, mirror, os.urandom(32)).get(ALICE)

    assert fresh((store, mirror)).get(ALICE) == key


def test_a_key_cut_short_on_the_disk_is_refused(keys, store, mirror):
    keys.make(ALICE)
    store.put(f"keys/{ALICE}", b"short")

    with pytest.raises(WrongStorageKey):
        fresh((store, mirror)).get(ALICE)


def test_only_ids_name_keys(keys):
    for name in ("", "../../etc/passwd", "alice"):
        with pytest.raises(ValueError):
            keys.make(name)


@given(st.binary(min_size=32, max_size=32))
def test_a_storage_key_is_read_with_or_without_its_padding(raw):
    text = base64.urlsafe_b64encode(raw).decode()

    assert parse_key(text) == parse_key(text.rstrip("=")) == parse_key(f" {text}\n") == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "A" * 42,
        "A" * 44,
        "A" * 43 + "==",
        "+" * 43,
        "/" * 43,
        "A" * 20 + " " + "A" * 22,
        "đ" * 43,
        "0" * 64,
    ],
)
def test_anything_else_is_refused_by_name_and_never_repeated(text):
    with pytest.raises(BadKey) as refused:
        parse_key(text, name="HASH_KEY")

    assert "HASH_KEY" in str(refused.value)
    assert not text or text not in str(refused.value)
