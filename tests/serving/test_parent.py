"""One foreground command: it says where it is, and whatever ends it ends all of it."""

import os
import signal
import socket
from collections.abc import Callable

import pytest

from tests.serving.conftest import House
from tests.support.processes import Process

ChildOf = Callable[[Process, str], int]


def test_a_newcomer_reads_where_the_portal_is_who_may_enter_and_how_to_stop(house: House) -> None:
    process = house.started()

    settings = house.page(process, "/settings")

    assert "Cổng Smartos đang chạy" in process.output
    assert f"{settings['PORTAL_BASE_URL']}/dev/mailbox" in process.output
    assert "lan@example.com: a password" in process.output
    assert settings["PORTAL_BASE_URL"].startswith("http://localhost:")
    assert settings["PORTAL_INSTANCE_PATH"] == str(house.folder / "instance")
    assert settings["PORTAL_SMTP_URL"].startswith("smtp://127.0.0.1:")
    assert house.diary() == ["db upgrade", "demo --if-empty", "worker"]


def test_only_its_owner_may_look_into_what_it_writes(house: House) -> None:
    house.started()

    modes = {
        path.stat().st_mode & 0o077 for path in [house.folder / "instance", *(house.folder / "instance").rglob("*")]
    }

    assert modes == {0}


def test_a_port_in_use_is_told_in_one_line_with_a_way_out(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        process = house.start(PORT=port)

        assert process.wait() == 1
    (line,) = process.output.splitlines()
    assert port in line
    assert "PORT=" in line.replace(f"PORT={port}", "")
    assert not (house.folder / "instance").exists()


@pytest.mark.parametrize("port", ["web", "-1", "65536", "80 80", "٣"])
def test_what_is_no_port_is_told_in_one_line(house: House, port: str) -> None:
    process = house.start(PORT=port)

    assert process.wait() == 2
    assert process.output == f"PORT={port} is not a port: it takes a number from 1 to 65535.\n"


def test_a_second_start_prepares_nothing(house: House) -> None:
    house.migration("b2", after="a1")
    assert house.started().stop() == 0
    (house.folder / "diary").unlink()

    house.started()

    assert house.diary() == ["worker"]


def test_a_new_migration_is_run_at_the_next_start(house: House) -> None:
    assert house.started().stop() == 0
    (house.folder / "diary").unlink()
    house.migration("b2", after="a1")

    house.started()

    assert house.diary() == ["db upgrade", "demo --if-empty", "worker"]


def test_a_start_that_fails_says_why_and_leaves_nothing(house: House) -> None:
    (house.folder / "broken").touch()

    process = house.start()

    assert process.wait() == 1
    assert "The table is not empty." in process.output
    assert process.output.splitlines()[-1] == "`flask db upgrade` ended with exit code 1, so the portal did not start."
    house.wait_until_empty()


def test_a_mail_server_that_was_named_is_used_and_no_mailbox_is_started(house: House) -> None:
    process = house.started(PORTAL_SMTP_URL="smtp://127.0.0.1:2525")

    assert house.page(process, "/settings")["PORTAL_SMTP_URL"] == "smtp://127.0.0.1:2525"
    assert "/dev/mailbox" not in process.output
    assert not (house.folder / "instance/mailbox").exists()


def test_production_gets_neither_a_mailbox_nor_demo_people(house: House) -> None:
    process = house.started(PORTAL_ENV="production")

    assert "PORTAL_SMTP_URL" not in house.page(process, "/settings")
    assert "/dev/mailbox" not in process.output
    assert house.diary() == ["db upgrade", "worker"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_ends_everything(house: House, number: signal.Signals) -> None:
    process = house.started()

    process.signal(number)

    assert process.wait() == 0
    assert (house.folder / "asked").exists()  # the worker could bring its work to an end
    assert house.living() == []


def test_ctrl_c_works_in_the_midst_of_preparing(house: House) -> None:
    (house.folder / "hang").touch()
    process = house.start()
    process.wait_until((house.folder / "waiting").exists, what="a migration under way")

    process.signal(signal.SIGINT)

    assert process.wait() == 0
    assert house.living() == []


@pytest.mark.parametrize(
    ("word", "name"), [("worker\0", "worker"), ("gunicorn", "web server"), ("serving.mailbox", "mailbox")]
)
def test_a_process_that_dies_ends_the_others_and_is_named(
    house: House, child_of: ChildOf, word: str, name: str
) -> None:
    process = house.started()

    os.kill(child_of(process, word), signal.SIGKILL)

    assert process.wait() == 1
    assert f"The {name} was ended by SIGKILL, so everything else was ended too." in process.output
    assert house.living() == []


def test_a_killed_parent_leaves_nobody_behind(house: House) -> None:
    process = house.started()

    os.kill(process.pid, signal.SIGKILL)  # the parent alone, not its group

    house.wait_until_empty()
