"""The local mailbox: whatever the portal sends in development can be read here, and forgotten."""

import os
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal.serving import mailbox_files as mailbox
from tests.support.processes import Process


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
def port(directory: Path, tmp_path: Path) -> Iterator[int]:
    file = tmp_path / "port"
    arguments = ("-m", "portal.serving.mailbox", str(directory), "0", "--port-file", str(file))
    with Process(*arguments, env=os.environ) as process:
        process.wait_until(file.exists, what="a port")
        yield int(file.read_text())
        assert process.stop() == 0, process.output


def letter(to: str, subject: str = "Xác minh địa chỉ") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Smartos <no-reply@smartos.space>", to, subject
    message.set_content("Chào bạn Lan.")
    message.add_alternative("<p>Chào bạn Lan.</p>", subtype="html")
    return message


def send(port: int, *messages: EmailMessage, to: str | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        for message in messages:
            client.send_message(message, to_addrs=to)


def test_a_letter_is_kept_as_it_came_before_it_is_accepted(directory: Path, port: int) -> None:
    send(port, letter("lan@example.com"))

    (kept,) = directory.rglob("*.eml")
    assert kept.read_bytes().endswith(b"\r\n")
    assert kept.stat().st_mode & 0o077 == 0
    assert "lan" not in str(kept.relative_to(directory))


def test_the_newest_letter_is_listed_first_and_can_be_read(directory: Path, port: int) -> None:
    send(
        port,
        letter("lan@example.com", "Một"),
        letter("an@example.com", "Hai"),
        letter("lan@example.com", "Ba"),
    )

    listed = mailbox.messages(directory)
    read = mailbox.read(directory, listed[0].id)

    assert [summary.subject for summary in listed] == ["Ba", "Hai", "Một"]
    assert listed[0].to == "lan@example.com"
    assert ("Subject", "Ba") in read.headers
    assert read.text == "Chào bạn Lan.\n"
    assert read.html == "<p>Chào bạn Lan.</p>\n"
    assert read.received_at == listed[0].received_at
    assert [summary.subject for summary in mailbox.messages(directory, to="Lan@Example.com")] == ["Ba", "Một"]
    assert len(mailbox.messages(directory, limit=2)) == 2


def test_an_address_beyond_ascii_is_accepted(directory: Path, port: int) -> None:
    send(port, letter("nguyễn@example.com"))

    assert mailbox.messages(directory, to="NGUYỄN@example.com")[0].to == "nguyễn@example.com"


def test_a_person_is_forgotten_with_all_letters_and_nobody_else(directory: Path, port: int) -> None:
    send(port, letter("lan@example.com"), letter("lan@example.com"), letter("an@example.com"))

    forgotten = mailbox.forget(directory, "LAN@example.com")

    assert forgotten == 2
    assert [summary.to for summary in mailbox.messages(directory)] == ["an@example.com"]
    assert not (directory / mailbox.recipient_folder("lan@example.com")).exists()
    assert mailbox.forget(directory, "lan@example.com") == 0


def test_a_letter_can_come_again_after_the_person_was_forgotten(directory: Path, port: int) -> None:
    send(port, letter("lan@example.com"))
    mailbox.forget(directory, "lan@example.com")

    send(port, letter("lan@example.com"))

    assert len(mailbox.messages(directory)) == 1


def test_a_letter_that_is_too_large_is_refused_and_not_kept(directory: Path, port: int) -> None:
    huge = letter("lan@example.com")
    huge.add_attachment(b"\0" * 20_000_000, maintype="application", subtype="octet-stream")

    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        send(port, huge)

    assert refusal.value.smtp_code == 552
    assert mailbox.messages(directory) == []


def test_a_letter_that_cannot_be_kept_is_put_off(directory: Path, port: int) -> None:
    (directory / mailbox.recipient_folder("lan@example.com")).write_text("a file where the folder should be")

    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(port, letter("lan@example.com"))

    assert refusal.value.smtp_code == 451


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "*", "0" * 31, "0" * 32, "A" * 32])
def test_only_a_letters_id_opens_a_letter(directory: Path, wrong: str) -> None:
    mailbox.deliver(directory, "lan@example.com", b"Subject: One\r\n\r\nText\r\n")

    with pytest.raises(mailbox.NoSuchMessage):
        mailbox.read(directory, wrong)


def test_a_letter_that_is_hardly_one_can_still_be_read(directory: Path) -> None:
    content = b"Content-Type: text/plain; charset=nonsense\r\nSubject: =?x?q?=E1=BA?=\r\n\r\nCh\xc3\xa0o \xff\r\n"
    message_id = mailbox.deliver(directory, "lan@example.com", content)

    read = mailbox.read(directory, message_id)

    assert read.text == "Chào \ufffd\n"
    assert len(mailbox.messages(directory)) == 1


def test_an_empty_mailbox_is_empty(directory: Path) -> None:
    assert mailbox.messages(directory) == []
