"""Letters about a changed address or phone: facts only; the words are in templates/mail/profile/."""

from datetime import datetime

from portal.accounts.models import User
from portal.core import web
from portal.mailer.post import Reader, write
from portal.signin import alarms


def _to(user: User) -> Reader:
    return Reader(user.email, user.locale, user.id)


def verify_new_address(user: User, wanted: str, secret: str, expires_at: datetime) -> None:
    """To the new address: the link whose button makes it the account's."""
    link = web.absolute_url("profile.confirm_email", token=secret)
    reader = Reader(wanted, user.locale, user.id)
    write("profile/verify-new-email", reader, {"full_name": user.full_name, "link": link}, expires_at=expires_at)


def address_in_use(holder: User) -> None:
    """To somebody whose address another account wanted: nothing changed, and nobody else was told."""
    write("profile/email-in-use", _to(holder), {"full_name": holder.full_name})


def address_will_change(user: User) -> None:
    """To the present address, before: somebody asked for another one."""
    alarms.tell(user, "profile/email-will-change", about="email")


def address_changed(user: User, old: str) -> None:
    """To the old address, after: it is not the account's any more, and its "this was not me" brings it back."""
    alarms.tell(user, "profile/email-changed", about="email", address=old)


def phone_code(user: User, code: str, *, minutes: int, expires_at: datetime) -> None:
    """The code that makes a phone number the account's."""
    facts = {"full_name": user.full_name, "code": code, "minutes": minutes}
    write("profile/phone-code", _to(user), facts, expires_at=expires_at)


def phone_changed(user: User) -> None:
    """The phone number on file was replaced or removed."""
    alarms.tell(user, "profile/phone-changed", about="phone", facts={"is_removed": not user.phone})
