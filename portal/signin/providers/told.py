"""What a provider tells of a person, taken as the words of a stranger: of the right kind, bounded, clean; or not."""

from typing import Any

from email_validator import EmailNotValidError

from portal.core import words
from portal.core.forms import normal_email
from portal.signin.providers.outgoing import Refused

LONGEST_NAME = 200
LONGEST_NUMBER = 255  # OpenID Connect Core, section 2: `sub`


def number(value: Any) -> str:
    """The person's number there. Raises Refused: without it nobody is named."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise Refused("subject")
    if not 0 < len(value) <= LONGEST_NUMBER:
        raise Refused("subject")
    return value


def email(value: Any) -> str:
    """The address in its normal form; empty where none was given, or none that the portal could write to."""
    if not isinstance(value, str):
        return ""
    try:
        return normal_email(words.clean(value))
    except (words.Unprintable, EmailNotValidError):
        return ""


def name(value: Any) -> str:
    """The name, cut where it is longer than names are."""
    if not isinstance(value, str):
        return ""
    try:
        return words.clean(value)[:LONGEST_NAME].strip()
    except words.Unprintable:
        return ""
