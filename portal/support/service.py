"""Receiving what people write to the one contact point for privacy (clauses 4.1, 13.1)."""

from dataclasses import dataclass

from sqlalchemy import func, update

from portal.accounts.models import User
from portal.accounts.service import user_by_email
from portal.audit import chain
from portal.core.database import db
from portal.support import emails
from portal.support.models import ContactMessage


@dataclass(frozen=True)
class Written:
    """What somebody wrote, and in which language the page spoke to them."""

    full_name: str
    email: str
    phone: str
    subject: str
    body: str
    locale: str


def adopt(user: User) -> None:
    """What this address wrote before it was a user's belongs to the user: shown, exported and erased with them."""
    db.session.execute(
        update(ContactMessage)
        .where(ContactMessage.user_id.is_(None), func.lower(ContactMessage.email) == user.email_key)
        .values(user_id=user.id)
    )


def receive(written: Written, *, by: User | None) -> ContactMessage:
    """Keep the message, acknowledge it to its writer, and pass it on to support.

    `by` is who is signed in; else the message belongs to whoever has the address that was given.
    """
    owner = by or user_by_email(written.email)
    message = ContactMessage(
        user_id=owner.id if owner else None,
        full_name=written.full_name,
        email=written.email,
        phone=written.phone,
        subject=written.subject,
        body=written.body,
    )
    db.session.add(message)
    db.session.flush()
    emails.received(message, locale=written.locale)
    emails.pass_on(message, is_signed_in=by is not None)
    chain.record(
        "contact.received",
        subject=message,
        actor_id=by.id if by else None,
        customer_id=owner.customer_id if owner else None,
    )
    return message
