import multiprocessing
import stat
from pathlib import Path

import pytest

from portal.storage.disk import Disk
from portal.storage.keys import parse_key
from portal.storage.secrets import development_secret
from tests.storage.killing import killed_at_each_step

NAME = "STORAGE_KEY"


def test_a_secret_is_made_once_and_stays(tmp_path):
    first = development_secret(tmp_path / "secrets", NAME)

    assert development_secret(tmp_path / "secrets", NAME) == first
    assert development_secret(tmp_path / "secrets", "HASH_KEY") != first
    assert len(parse_key(first)) == 32


def test_a_secret_is_for_the_owner_alone(tmp_path):
    development_secret(tmp_path / "instance" / "secrets", NAME)

    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "instance" / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "instance" / "secrets" / NAME).stat().st_mode) == 0o600


def _make(folder: Path, barrier, answers) -> None:
    barrier.wait(30)
    answers.put(development_secret(folder, NAME))


def test_processes_that_start_at_once_agree(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(4), spawn.Queue()
    starters = [spawn.Process(target=_make, args=(tmp_path / "secrets", barrier, answers)) for _ in range(4)]
    for starter in starters:
        starter.start()

    made = {answers.get(timeout=60) for _ in starters}

    for starter in starters:
        starter.join(30)
    assert made == {development_secret(tmp_path / "secrets", NAME)}
    answers.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_start_killed_at_any_step_leaves_a_whole_secret_or_none(tmp_path):
    folder = Disk(tmp_path / "secrets")

    for _ in killed_at_each_step(lambda: development_secret(tmp_path / "secrets", NAME)):
        left = folder.get(NAME).decode() if folder.exists(NAME) else None
        made = development_secret(tmp_path / "secrets", NAME)

        assert left in (None, made)
        assert len(parse_key(made)) == 32
        folder.delete(NAME)
