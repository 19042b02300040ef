"""The tests' own mail server keeps its word, so that a test about lost letters can be believed."""

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.support.smtp import Late, Mailbox


@pytest.fixture
def server() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


def letter(to: str, *, kind: str = "accounts/verify", subject: str = "Chào bạn") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portal@example.com", to, subject
    message["X-Portal-Letter"] = kind
    message.set_content("Mời bạn xác minh địa chỉ.")
    message.add_alternative("<p>Mời bạn xác minh địa chỉ.</p>", subtype="html")
    return message


def send(server: Mailbox, *messages: EmailMessage, timeout: float = 5) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=timeout) as client:
        for message in messages:
            client.send_message(message)


def test_a_letter_can_be_waited_for_by_recipient_and_kind(server: Mailbox) -> None:
    send(
        server,
        letter("lan@example.com", kind="policies/changed"),
        letter("lan@example.com"),
        letter("an@example.com"),
    )

    found = server.wait_for("Lan@example.com", "policies/changed")

    assert (found.subject, found.name) == ("Chào bạn", "policies/changed")
    assert "xác minh" in found.text
    assert found.html.startswith("<p>Mời")
    assert len(server.letters("lan@example.com")) == 2


def test_what_does_not_come_is_told_with_what_did(server: Mailbox) -> None:
    send(server, letter("an@example.com"))

    with pytest.raises(Late, match=r"accounts/verify to an@example\.com"):
        server.wait_for("lan@example.com", timeout=0.05)


def test_one_person_is_refused_and_the_others_get_theirs(server: Mailbox) -> None:
    server.refuse("gone@example.com")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        send(server, letter("gone@example.com"))
    send(server, letter("lan@example.com"))

    assert refusal.value.recipients["gone@example.com"][0] == 550
    assert [one.recipient for one in server.letters()] == ["lan@example.com"]


def test_one_person_is_put_off_twice_and_then_served(server: Mailbox) -> None:
    server.defer("lan@example.com", times=2)

    answers = []
    for _attempt in range(3):
        try:
            send(server, letter("lan@example.com"))
        except smtplib.SMTPRecipientsRefused as refusal:
            answers.append(refusal.recipients["lan@example.com"][0])

    assert answers == [451, 451]
    assert len(server.letters("lan@example.com")) == 1
    server.wait_for_attempt("lan@example.com", count=3)


@pytest.mark.parametrize("keep", [True, False])
def test_the_line_is_cut_in_place_of_the_answer(server: Mailbox, keep: bool) -> None:
    server.drop_answer(keep=keep)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, letter("lan@example.com"))
    send(server, letter("lan@example.com"))

    assert len(server.letters("lan@example.com")) == (2 if keep else 1)


def test_it_goes_down_and_comes_back_at_the_same_address(server: Mailbox) -> None:
    address = server.url
    server.down()

    with pytest.raises(ConnectionRefusedError):
        send(server, letter("lan@example.com"))
    server.up()
    send(server, letter("lan@example.com"))

    assert server.url == address
    assert not server.empty()


def test_going_down_cuts_open_lines(server: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
        client.ehlo()

        server.down()

        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.send_message(letter("lan@example.com"))


def test_a_black_hole_takes_the_line_and_says_nothing_until_cleared(server: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=0.2) as open_line:
        open_line.ehlo()
        server.blackhole()

        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            send(server, letter("lan@example.com"), timeout=0.1)
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            open_line.send_message(letter("lan@example.com"))
        server.clear()

    send(server, letter("lan@example.com"))
    assert len(server.letters()) == 1


def test_letters_may_be_pipelined(server: Mailbox) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as line,
        line.makefile("rb") as answers,
    ):
        line.sendall(b"EHLO localhost\r\n")
        greeting = [answers.readline()]
        while not greeting[-1].startswith(b"250 "):
            greeting.append(answers.readline())

        body = b"Subject: %d\r\n\r\nA line\r\n.\r\n"
        envelope = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<lan@example.com>\r\nDATA\r\n"
        line.sendall(envelope + body % 1 + envelope + body % 2)
        codes = [answers.readline()[:3] for _ in range(8)]

    assert b"250-PIPELINING\r\n" in greeting
    assert codes == [b"250", b"250", b"354", b"250"] * 2
    assert [one.subject for one in server.letters()] == ["1", "2"]
