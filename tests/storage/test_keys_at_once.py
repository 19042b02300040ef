"""Keys made and forgotten by several processes, and by ones that die."""

import multiprocessing
from pathlib import Path
from uuid import UUID

import pytest

from portal.storage.disk import Disk
from portal.storage.keys import Keys
from tests.storage.conftest import ALICE, KEK, fresh
from tests.storage.killing import killed_at_each_step

forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def _make(folder: Path, customer: UUID, barrier, answers) -> None:
    keys = Keys(Disk(folder / "store"), Disk(folder / "mirror"), KEK)
    barrier.wait(30)
    answers.put(keys.make(customer))


def test_processes_that_make_a_key_at_once_agree_on_one(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(4), spawn.Queue()
    makers = [spawn.Process(target=_make, args=(tmp_path, ALICE, barrier, answers)) for _ in range(4)]
    for maker in makers:
        maker.start()

    made = {answers.get(timeout=60) for _ in makers}

    for maker in makers:
        maker.join(30)
    assert len(made) == 1
    assert fresh((Disk(tmp_path / "store"), Disk(tmp_path / "mirror"))).get(ALICE) in made
    answers.close()


@forks
def test_a_maker_killed_at_any_step_leaves_a_key_that_the_next_one_finds(store, mirror):
    for _ in killed_at_each_step(lambda: fresh((Disk(store.local_path), Disk(mirror.local_path))).make(ALICE)):
        left = store.get(f"keys/{ALICE}") if store.exists(f"keys/{ALICE}") else None
        key = fresh((store, mirror)).make(ALICE)

        assert left in (None, store.get(f"keys/{ALICE}"))
        assert fresh((store, mirror)).get(ALICE) == key
        assert fresh((store, mirror)).count() == (1, 1)
        fresh((store, mirror)).forget(ALICE)


@forks
def test_a_forgetter_killed_at_any_step_never_leaves_the_mirror_alone(store, mirror):
    keys = fresh((store, mirror))
    keys.make(ALICE)
    seen = set()

    for _ in killed_at_each_step(lambda: fresh((Disk(store.local_path), Disk(mirror.local_path))).forget(ALICE)):
        seen.add(keys.count())
        keys.forget(ALICE)
        assert keys.count() == (0, 0)
        keys.make(ALICE)

    assert seen == {(1, 1), (1, 0), (0, 0)}
