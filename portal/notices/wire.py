"""One connection to the mail server for a lane, which tells a refusal from an answer that was never seen."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from typing import cast

import flask_mail
from flask import current_app

from portal.core.leases import TryLater
from portal.extensions import settings

Answer = tuple[int, bytes]


class Refused(Exception):
    """The server does not take this letter; 4xx asks to try again later, 5xx not to (RFC 5321, 4.2.1)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class AnswerLost(Exception):
    """The letter was on its way and no answer came: nobody knows whether it arrived."""


class Line:
    """Opened at the first letter, kept until it breaks. A pipelined one for a million letters has its place here."""

    def __init__(self, mail: flask_mail.Mail) -> None:
        self._mail = mail
        self._host: smtplib.SMTP | None = None
        self._sender = parseaddr(settings().mail_from)[1]

    def offer(self, address: str) -> None:
        """Name sender and recipient; nothing has left yet. A line that went stale is opened once more.

        Raises Refused, or TryLater when the server is down or takes nothing from us.
        """
        was_open = self._host is not None
        try:
            self._name(address)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            if not was_open:
                raise TryLater from error
            self._name_on_new_line(address)

    def _name_on_new_line(self, address: str) -> None:
        try:
            self._name(address)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise TryLater from error

    def _name(self, address: str) -> None:
        host = self._open()
        code, words = host.mail(self._sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, self._sender)
        code, words = host.rcpt(address)
        if code == 421:
            raise smtplib.SMTPServerDisconnected("421")
        if code not in (250, 251):
            host.rset()
            raise Refused(code)

    def hand_over(self, content: bytes) -> None:
        """Send the letter itself; returns once the server has accepted it.

        Raises Refused, AnswerLost.
        """
        code = self._answer(lambda: self._open().data(content))
        if code == 250:
            return
        if code == 421:
            self.close()
        raise Refused(code)

    def _answer(self, say: Callable[[], Answer]) -> int:
        try:
            return say()[0]
        except smtplib.SMTPDataError as error:  # refused before the letter left; a fresh line forgets its envelope
            self.close()
            return error.smtp_code
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise AnswerLost from error

    def _open(self) -> smtplib.SMTP:
        if self._host is None:
            self._host = cast(smtplib.SMTP, self._mail.connect().__enter__().host)
            self._host.ehlo_or_helo_if_needed()
        return self._host

    def close(self) -> None:
        """End the connection, politely where it still stands."""
        host, self._host = self._host, None
        if host is None:
            return
        try:
            host.quit()
        except (OSError, smtplib.SMTPException):
            host.close()


@contextmanager
def line() -> Iterator[Line]:
    """A line for one run of lanes."""
    opened = Line(current_app.extensions["mail_carrier"])
    try:
        yield opened
    finally:
        opened.close()
