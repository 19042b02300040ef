"""Carrying letters to the server: one connection for a run, backoff while the server is down."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import flask_mail
from flask import current_app
from sqlalchemy import case, update

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Duty, Hopeless, Lease, TryLater
from portal.core.steps import reached
from portal.mailer import carrier
from portal.mailer.models import Letter, LetterState
from portal.mailer.verp import LETTER, envelope_sender

MAX_ATTEMPTS = 100


class Carriage:
    """A connection opened at the first letter and reused until it breaks."""

    def __init__(self, mail: flask_mail.Mail) -> None:
        self._mail = mail
        self._connection: Any = None

    def send(self, message: carrier.SingleMessage, sender: str) -> None:
        """Hand one message to the server, to come back to `sender`; returns once it has accepted it.

        Raises TryLater when the server is down or asks for patience, Hopeless when it refuses for good.
        """
        try:
            self._open().send(message, envelope_from=sender)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            self.close()
            raise (Hopeless() if _is_for_good(error) else TryLater()) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise TryLater from error

    def _open(self) -> Any:
        if self._connection is None:
            self._connection = self._mail.connect().__enter__()
        return self._connection

    def close(self) -> None:
        """End the connection, politely where it still stands."""
        if self._connection is None:
            return
        host, self._connection = self._connection.host, None
        try:
            host.quit()
        except (OSError, smtplib.SMTPException):
            host.close()


@contextmanager
def carriage() -> Iterator[Carriage]:
    """A carriage for one run."""
    opened = Carriage(current_app.extensions["mail_carrier"])
    try:
        yield opened
    finally:
        opened.close()


def _is_for_good(error: smtplib.SMTPException) -> bool:
    """Whether this letter itself is refused; a refused sign-in, sender or greeting is the set-up's fault, and waits."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _answer in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def deliver(lease: Lease, by: Carriage) -> None:
    """Send one letter and empty its words; a letter whose links are stale by now is cancelled."""
    letter = db.session.get_one(Letter, lease.id, populate_existing=True)
    nothing_left = {"text": None, "html": None}
    nothing_left |= {} if letter.user_id else {"address": None, "subject": None}  # nobody could have it erased
    if letter.expires_at and letter.expires_at < clock.now():
        lease.complete(state=LetterState.CANCELLED, **nothing_left)
        return
    message = carrier.compose(
        to=letter.address or "",
        subject=letter.subject or "",
        text=letter.text or "",
        html=letter.html or "",
        headers={"X-Portal-Letter": letter.name},
        message_id=f"letter-{letter.id}",
    )
    sender = envelope_sender(LETTER, letter.id)
    db.session.commit()
    by.send(message, sender)
    reached("letter.accepted")
    lease.complete(state=LetterState.SENT, sent_at=clock.now(), **nothing_left)


def give_up(letter_id: UUID) -> None:
    """A letter that cannot be delivered: its words go, its failure stays to be seen."""
    somebodys = Letter.user_id.is_not(None)  # of nobody's letter not even the address stays
    kept = {"address": case((somebodys, Letter.address)), "subject": case((somebodys, Letter.subject))}
    gone = {"state": LetterState.FAILED, "text": None, "html": None}
    db.session.execute(update(Letter).where(Letter.id == letter_id).values(**gone, **kept))


DUTY = Duty(model=Letter, perform=deliver, around=carriage, max_attempts=MAX_ATTEMPTS, on_dead=give_up)
