"""One connection to the mail server for a lane, which tells a refusal from an answer that was never seen.

smtplib opens it: greeting, EHLO, verified TLS, sign-in. From there the lane speaks by itself. Where the server takes
several commands at once (PIPELINING, RFC 2920), a letter's end, and sender, recipient and DATA of the next one, leave
in one write, so that a letter costs one round trip; the next one's own words wait until this one is answered and
marked, so that no more than one letter is ever in doubt.
"""

import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import current_app

from portal.core.leases import TryLater
from portal.mailer import carrier

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}\Z")
"""What may stand on the wire and in a header without quotes (a dot-atom; RFC 5322, 3.4.1)."""

LONGEST_ANSWER = 8192
MOST_LINES = 100
CLOSING = 421
"""The service is not available and closes the line (RFC 5321, 4.2.2), whatever it was asked."""


class Refused(Exception):
    """The server does not take this letter; 4xx asks to try again later, 5xx not to (RFC 5321, 4.2.1)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class AnswerLost(Exception):
    """The letter was on its way and no answer came: nobody knows whether it arrived."""


class Broken(Exception):
    """The line is of no use any more, and nothing on it was a letter's end."""


class NoSuchAddress(ValueError):
    """No message can be addressed like that."""


@dataclass(frozen=True)
class Envelope:
    """Who the letter is from and who it is for, as the server is told. Raises NoSuchAddress."""

    sender: str
    recipient: str

    def __post_init__(self) -> None:
        if not ADDRESS.match(self.recipient):
            raise NoSuchAddress


class Line:
    """Opened at the first letter, kept until it breaks. Each letter is `begin`, `pour`, `finish`, `accepted`."""

    def __init__(self) -> None:
        self._host: smtplib.SMTP | None = None
        self._answers: BinaryIO
        self._socket: socket.socket
        self._said: Envelope | None = None  # behind the last letter; its answers are still to be read
        self._is_begun = False
        self._end = b""
        self._needs_reset = False
        self._takes_many = False
        self.takes_eight_bit = False
        """Whether a letter may hold octets above 127 (8BITMIME, RFC 6152); known once a letter was begun."""

    def begin(self, envelope: Envelope) -> None:
        """Name sender and recipient; nothing of the letter has left yet. A line that went stale is opened once more.

        Raises Refused, or TryLater when the server is down or takes nothing from us.
        """
        was_open = self._host is not None
        if self._is_begun or self._said not in (None, envelope):
            self.cut()
        try:
            self._begin(envelope)
        except Broken as error:
            self.cut()
            if not was_open:
                raise TryLater from (error.__cause__ or error)
            self.begin(envelope)

    def pour(self, content: bytes) -> None:
        """Send all of the letter but its end: until `finish` the server has none. Raises TryLater."""
        stuffed = content.replace(b"\r\n.", b"\r\n..")  # transparency (RFC 5321, 4.5.2)
        self._end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._socket.sendall(stuffed)
        except OSError as error:
            self.cut()
            raise TryLater from error

    def finish(self, *, following: Envelope | None = None) -> None:
        """End the letter, and name the `following` one behind it where the server takes both at once."""
        self._is_begun = False
        self._said = following if self._takes_many else None
        try:
            self._socket.sendall(self._end + (self._commands(following) if self._said and following else b""))
        except OSError as error:
            self.cut()
            raise AnswerLost from error

    def accepted(self) -> None:
        """Wait until the server has the letter. Raises Refused, AnswerLost."""
        try:
            code = self._answer()
        except Broken as error:
            self.cut()
            raise AnswerLost from error
        if 200 <= code < 300:
            return
        if code == CLOSING:
            self.cut()
        if 400 <= code < 600:
            raise Refused(code)
        self.cut()
        raise AnswerLost

    def cut(self) -> None:
        """End the connection at once. A letter that was begun is none then (RFC 5321, 4.1.1.4)."""
        host, self._host = self._host, None
        self._said, self._is_begun, self._needs_reset = None, False, False
        if host is not None:
            self._answers.close()
            host.close()

    def close(self) -> None:
        """End the connection, politely where nothing was begun."""
        if self._host is not None and self._said is None and not self._is_begun:
            try:
                self._host.quit()
            except (OSError, smtplib.SMTPException):
                self.cut()
        self.cut()

    def _begin(self, envelope: Envelope) -> None:
        if self._host is None:
            self._open()
        if self._needs_reset:
            self._say(b"RSET\r\n")
            self._answer()
            self._needs_reset = False
        if self._said is None and self._takes_many:
            self._say(self._commands(envelope))
        self._said = None
        self._judge(*(self._all_answers() if self._takes_many else self._one_by_one(envelope)))

    def _judge(self, mail: int, rcpt: int, data: int) -> None:
        """What the answers to MAIL, RCPT and DATA mean; 0 stands for a command that was not given."""
        if CLOSING in (mail, rcpt, data) or mail != 250:
            raise Broken(mail)  # who refuses our own name as a sender takes nothing from us
        if rcpt in (250, 251) and data == 354:
            self._is_begun = True
            return
        if data == 354:  # without a recipient the end of an empty letter changes nothing (RFC 2920, 3.1)
            self._say(b".\r\n")
            self._answer()
        self._needs_reset = True
        refusal = data if rcpt in (250, 251) else rcpt
        if not 400 <= refusal < 600:
            raise Broken(refusal)
        raise Refused(refusal)

    def _commands(self, envelope: Envelope) -> bytes:
        return b"".join(self._each(envelope))

    def _each(self, envelope: Envelope) -> list[bytes]:
        body = " BODY=8BITMIME" if self.takes_eight_bit else ""
        commands = [f"MAIL FROM:<{envelope.sender}>{body}\r\n", f"RCPT TO:<{envelope.recipient}>\r\n", "DATA\r\n"]
        return [command.encode("ascii") for command in commands]

    def _all_answers(self) -> tuple[int, int, int]:
        return self._answer(), self._answer(), self._answer()

    def _one_by_one(self, envelope: Envelope) -> tuple[int, int, int]:
        codes = [0, 0, 0]
        for i, command in enumerate(self._each(envelope)):
            self._say(command)
            codes[i] = self._answer()
            if not 200 <= codes[i] < 400:
                break
        return codes[0], codes[1], codes[2]

    def _say(self, words: bytes) -> None:
        try:
            self._socket.sendall(words)
        except OSError as error:
            raise Broken from error

    def _answer(self) -> int:
        """The code of the next answer, which may have several lines (RFC 5321, 4.2.1). Raises Broken."""
        try:
            for _ in range(MOST_LINES):
                line = self._answers.readline(LONGEST_ANSWER)
                if not (line.endswith(b"\n") and line[:3].isdigit()):
                    break
                if line[3:4] != b"-":
                    return int(line[:3])
        except OSError as error:
            raise Broken from error
        raise Broken

    def _open(self) -> None:
        try:
            self._host = carrier.VerifiedConnection(current_app.extensions["mail_carrier"]).configure_host()
            self._host.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise Broken from error
        self._socket = cast(socket.socket, self._host.sock)
        self._answers = cast(BinaryIO, self._host.file)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._takes_many = self._host.has_extn("pipelining")
        self.takes_eight_bit = self._host.has_extn("8bitmime")


@contextmanager
def line() -> Iterator[Line]:
    """A line for one run of lanes."""
    opened = Line()
    try:
        yield opened
    finally:
        opened.close()
