"""What of the mail settings can be seen to be wrong without asking the network (docs/mail.md says the rest)."""

from collections.abc import Iterator
from email.utils import parseaddr

from email_validator import EmailNotValidError

from portal.config import Settings
from portal.core.forms import normal_email
from portal.mailer.verp import LONGEST_LOCAL

LONGEST_ADDRESS = 254
"""Octets of an address in an envelope (RFC 5321, 4.5.3.1.3, without its brackets)."""


def unanswerable(settings: Settings) -> Iterator[str]:
    """What to set instead, one line for each: letters must have a sender to which reports can come back."""
    address = parseaddr(settings.mail_from)[1]
    try:
        normal_email(address)
    except EmailNotValidError:
        yield "PORTAL_MAIL_FROM names no address that others could write to, such as Smartos <no-reply@example.com>."
        return
    if LONGEST_LOCAL + 1 + len(address.rpartition("@")[2]) > LONGEST_ADDRESS:
        yield "PORTAL_MAIL_FROM has so long a domain that no bounce can come back to it: use a shorter one."
