from uuid import UUID

import pytest

from portal.storage.disk import Disk
from portal.storage.files import Files, customer_prefix, user_prefix
from portal.storage.keys import KeyForgotten, Keys
from portal.storage.places import Missing
from portal.storage.sealed import CHUNK, Damaged
from tests.storage.killing import killed_at_each_step

ALICE, BOB, MEMBER = UUID(int=1), UUID(int=2), UUID(int=3)  # fixed: they stand in the names of tests


def open_files(folder) -> Files:
    store = Disk(folder / "store")
    return Files(store, Keys(store, Disk(folder / "mirror"), bytes(32)))


@pytest.fixture
def files(tmp_path):
    made = open_files(tmp_path)
    made.keys.make(ALICE)
    return made


def write(files, customer, path, text=b"text"):
    with files.writer(customer, path) as writer:
        writer.write(text)


def read(files, customer, path):
    return b"".join(files.reader(customer, path).stream())


def test_a_customer_reads_back_what_they_stored(files):
    path = user_prefix(ALICE, MEMBER) + "exports/1.zip"

    write(files, ALICE, path)

    assert path == f"customers/{ALICE}/users/{MEMBER}/exports/1.zip"
    assert read(files, str(ALICE), path) == b"text"


def test_writing_makes_no_key(files):
    with pytest.raises(KeyForgotten):
        files.writer(BOB, customer_prefix(BOB) + "a")

    assert files.keys.count() == (1, 1)


@pytest.mark.parametrize("path", ["a", f"customers/{BOB}/a", f"customers/{ALICE}x/a", f"customers/{ALICE}"])
def test_a_path_that_is_not_the_customers_own_is_refused(files, path):
    for use in (files.writer, files.reader):
        with pytest.raises(ValueError):
            use(ALICE, path)


def test_a_path_that_climbs_out_of_the_prefix_is_refused(files):
    with pytest.raises(ValueError):
        files.writer(ALICE, customer_prefix(ALICE) + f"../{BOB}/a")


def test_a_file_that_was_moved_to_another_customer_cannot_be_read(files, tmp_path):
    files.keys.make(BOB)
    write(files, ALICE, customer_prefix(ALICE) + "a")
    store = Disk(tmp_path / "store")
    store.put(customer_prefix(BOB) + "a", store.get(customer_prefix(ALICE) + "a"))

    with pytest.raises(Damaged):
        files.reader(BOB, customer_prefix(BOB) + "a")


def test_clause_7_1_forgetting_the_key_makes_every_copy_unreadable(files, tmp_path):
    path = customer_prefix(ALICE) + "a"
    write(files, ALICE, path)
    backup = Disk(tmp_path / "store").get(path)
    files.keys.forget(ALICE)
    files.delete_prefix(customer_prefix(ALICE))

    Disk(tmp_path / "store").put(path, backup)

    with pytest.raises(KeyForgotten):
        files.reader(ALICE, path)
    files.keys.make(ALICE)
    with pytest.raises(Damaged):
        files.reader(ALICE, path)


def test_one_file_can_be_deleted_twice(files):
    path = customer_prefix(ALICE) + "a"
    write(files, ALICE, path)

    files.delete(path)
    files.delete(path)

    with pytest.raises(Missing):
        files.reader(ALICE, path)


def test_a_members_files_go_and_the_customers_stay(files):
    write(files, ALICE, customer_prefix(ALICE) + "content/1")
    write(files, ALICE, user_prefix(ALICE, MEMBER) + "exports/1")
    write(files, ALICE, user_prefix(ALICE, MEMBER) + "exports/2")

    assert files.delete_prefix(user_prefix(ALICE, MEMBER)) == 2

    assert read(files, ALICE, customer_prefix(ALICE) + "content/1") == b"text"


def test_after_a_purge_the_customers_id_is_nowhere_in_the_store(files, tmp_path):
    write(files, ALICE, user_prefix(ALICE, MEMBER) + "exports/1")

    files.keys.forget(ALICE)
    files.delete_prefix(customer_prefix(ALICE))

    assert [path for path in tmp_path.rglob("*") if str(ALICE) in str(path)] == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_writer_killed_at_any_step_leaves_the_whole_file_or_none(files, tmp_path):
    path = customer_prefix(ALICE) + "a"
    text = b"x" * (CHUNK + 1)
    seen = set()

    for _ in killed_at_each_step(lambda: write(open_files(tmp_path), ALICE, path, text)):
        present = Disk(tmp_path / "store").exists(path)
        seen.add(present)
        assert not present or read(files, ALICE, path) == text
        files.delete_prefix(customer_prefix(ALICE))
        assert [name.name for name in (tmp_path / "store/.staging").iterdir()] == [".lock"]

    assert seen == {True, False}
