"""Another e-mail address: it takes effect once its mailed link is opened and its button pressed (clause 3.1).

Nothing shows whether the wanted address belongs to somebody else: page and link are made alike, and only that
mailbox learns why.
"""

from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts import links
from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.accounts.service import address_proven, email_key, user_by_email
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.profile import emails
from portal.profile.models import PersonalField
from portal.profile.service import note

LINK_HOURS = 24


class SameAddress(Exception):
    """The address is the one on file."""


class LinkOver(Exception):
    """The link is used, too old, replaced by a newer one, or its address has an account by now."""


def ask(user: User, wanted: str) -> None:
    """Mail the link to `wanted`, and tell the present address.

    Raises SameAddress.
    """
    if wanted == user.email:
        raise SameAddress
    secret, link = links.issue(user, LinkPurpose.NEW_EMAIL, hours=LINK_HOURS, new_email=wanted)
    holder = _other_holder(user, wanted)
    if holder is None:
        emails.verify_new_address(user, wanted, secret, link.expires_at)
    else:
        emails.address_in_use(holder)
    emails.address_will_change(user)
    chain.record("email.change-asked", subject=user, actor_id=user.id, customer_id=user.customer_id)


def pending(user: User) -> MailedLink | None:
    """The change that waits for its link, if one does."""
    return db.session.scalar(
        select(MailedLink).where(
            MailedLink.user_id == user.id,
            MailedLink.purpose == LinkPurpose.NEW_EMAIL,
            MailedLink.expires_at > clock.now(),
        )
    )


def wanted_by(secret: str) -> tuple[MailedLink, User]:
    """The link behind `secret` and whose it is; looking does not use it up.

    Raises LinkOver, also while the account is closing: then nothing changes any more (DECISIONS 9).
    """
    found = links.find(secret, LinkPurpose.NEW_EMAIL)
    if found is None or found[1].is_closing or not found[0].new_email:
        raise LinkOver
    return found


def take_effect(secret: str) -> None:
    """The address is proven: it is the account's from now on, and the old one is told.

    Raises LinkOver.
    """
    link, user = wanted_by(secret)
    old, new = user.email, link.new_email or ""
    if _other_holder(user, new) is not None:
        raise LinkOver
    links.use_up(link)
    user.email, user.email_key, user.email_verified_at = new, email_key(new), clock.now()
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody verified the same address in this very moment
        db.session.rollback()
        raise LinkOver from error
    address_proven(user)
    note(user, PersonalField.EMAIL, old, new)
    _forget_letters(user)
    with force_locale(user.locale):
        emails.address_changed(user, old)
    chain.record("email.changed", subject=user, actor_id=user.id, customer_id=user.customer_id)


def _forget_letters(user: User) -> None:
    """What was mailed to the old address acts no more; but for "this was not me", which undoes this very change."""
    for purpose in LinkPurpose:
        if purpose != LinkPurpose.NOT_ME:
            links.forget(user, purpose)


def _other_holder(user: User, address: str) -> User | None:
    holder = user_by_email(address)
    return None if holder is None or holder.id == user.id else holder
