"""Flask-Mail over a connection that verifies TLS, has a time-out and is reused; messages that cannot be split.

Flask-Mail 0.10.0 neither verifies certificates nor gives up (docs/decisions/0006), and this Python's MIMEText lets a
line break into a header (CVE-2024-6923): EmailMessage refuses one.
"""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import flask_mail
from flask import Flask, current_app

from portal.config import Settings
from portal.core import clock

TIMEOUT_SECONDS = 10


class VerifiedConnection(flask_mail.Connection):
    """An SMTP connection that verifies the server's certificate and gives up after ten seconds."""

    def configure_host(self) -> smtplib.SMTP:
        if self.mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(
                self.mail.server, self.mail.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=TIMEOUT_SECONDS)
        try:
            self._introduce(host)
        except (OSError, smtplib.SMTPException):
            host.close()
            raise
        return host

    def _introduce(self, host: smtplib.SMTP) -> None:
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)


class SingleMessage(flask_mail.Message):
    """A message to one person, built by EmailMessage, which refuses line breaks in headers and a second recipient."""

    def _message(self) -> EmailMessage:  # type: ignore[override]  # Flask-Mail needs no more than as_bytes()
        message = EmailMessage(policy=SMTP)
        name, address = parseaddr(str(self.sender))
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=str(self.recipients[0]))
        message["Subject"] = self.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = self.msgId
        for header, value in (self.extra_headers or {}).items():
            message[header] = value
        message.set_content(self.body, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message


def connect(app: Flask) -> flask_mail.Mail:
    """Set Flask-Mail up from SMTP_URL and MAIL_FROM."""
    settings: Settings = app.extensions["settings"]
    flask_mail.Connection = VerifiedConnection  # type: ignore[misc]  # where Flask-Mail looks it up
    app.config.update(_configuration(settings))
    return flask_mail.Mail(app)


def _configuration(settings: Settings) -> dict[str, Any]:
    url = urlsplit(settings.smtp_url or "smtp://127.0.0.1:25")
    options = parse_qs(url.query)
    return {
        "MAIL_SERVER": url.hostname,
        "MAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
        "MAIL_USE_SSL": url.scheme == "smtps",
        "MAIL_USE_TLS": options.get("starttls", ["0"])[0] == "1",
        "MAIL_USERNAME": unquote(url.username) if url.username else None,
        "MAIL_PASSWORD": unquote(url.password) if url.password else None,
        "MAIL_DEFAULT_SENDER": settings.mail_from,
        "MAIL_SUPPRESS_SEND": False,
    }


def compose(*, to: str, subject: str, text: str, html: str, headers: dict[str, str], message_id: str) -> SingleMessage:
    """One message to one address; `message_id` is the stable part that makes a repeat recognisable."""
    settings: Settings = current_app.extensions["settings"]
    host = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    message = SingleMessage(
        subject=subject,
        recipients=[to],
        body=text,
        html=html,
        extra_headers={"Auto-Submitted": "auto-generated", "Reply-To": settings.support_email, **headers},
    )
    message.msgId = f"<{message_id}@{host}>"
    return message
