"""What a provider said, as the portal keeps it: clean, no longer than our own fields, an address only if it is one."""

from email_validator import EmailNotValidError

from portal.core import words
from portal.core.forms import normal_email
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import Received

NAME_LENGTH = 200
EMAIL_LENGTH = 320


def put(row: Received, identity: Identity) -> None:
    """Write into `row` what may change at the provider: address and name. Issuer and subject stay."""
    row.email = _address(identity.email)
    row.email_is_proven = identity.email_is_proven and bool(row.email)
    row.full_name = _name(identity.full_name)


def _address(said: str) -> str:
    try:
        address = normal_email(words.clean(said))
    except (words.Unprintable, EmailNotValidError):
        return ""
    return address if len(address) <= EMAIL_LENGTH else ""


def _name(said: str) -> str:
    try:
        return words.clean(said)[:NAME_LENGTH]
    except words.Unprintable:
        return ""
