"""Mailed links: single-use, short-lived, bound to their purpose; the newest one replaces those before it (8.7)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.core import clock, hashes
from portal.core.database import db

NOBODY = UUID(int=0)  # no user has this id (they are UUIDv7)


def issue(
    user: User,
    purpose: LinkPurpose,
    *,
    hours: float,
    new_email: str | None = None,
    mailed_to: str = "",
    about: str = "",
    browser: str = "",
    replacing: bool = True,
) -> tuple[str, MailedLink]:
    """A new secret for `user` and `purpose`; older ones for the same purpose stop working when `replacing`."""
    if replacing:
        forget(user, purpose)
    secret = hashes.new_secret()
    link = MailedLink(
        user_id=user.id,
        purpose=purpose,
        secret_hash=hashes.of_secret(secret),
        new_email=new_email,
        mailed_to=mailed_to or user.email,
        about=about,
        browser=browser,
        expires_at=clock.now() + timedelta(hours=hours),
    )
    db.session.add(link)
    return secret, link


def find(secret: str, purpose: LinkPurpose) -> tuple[MailedLink, User] | None:
    """The link and its user while it is valid; looking does not use it up (mail scanners open links)."""
    row = db.session.execute(
        select(MailedLink, User)
        .join(User, MailedLink.user_id == User.id)
        .where(
            MailedLink.secret_hash == hashes.of_secret(secret),
            MailedLink.purpose == purpose,
            MailedLink.expires_at > clock.now(),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def forget(user: User, purpose: LinkPurpose) -> None:
    """No link of this purpose that was mailed until now works any more."""
    db.session.execute(delete(MailedLink).where(MailedLink.user_id == user.id, MailedLink.purpose == purpose))


def forget_nobodys(purpose: LinkPurpose) -> None:
    """The same work for an address that is nobody's, so that the time it takes tells nothing."""
    db.session.execute(delete(MailedLink).where(MailedLink.user_id == NOBODY, MailedLink.purpose == purpose))


def use_up(link: MailedLink) -> None:
    """The link has done its one act."""
    db.session.delete(link)
