"""Getting in and keeping others out by password; nothing tells whether an address is known."""

from datetime import datetime, timedelta

from flask_babel import force_locale

from portal.accounts import links
from portal.accounts.models import LinkPurpose, User
from portal.accounts.service import user_by_email
from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db
from portal.core.web import Visitor
from portal.signin import emails, guesses, passwords, pending, sessions

RESET_HOURS = 1


class WrongPassword(Exception):
    """The password does not fit, or there is no such account: the answer is the same."""


class PasswordRefused(Exception):
    """The new password is refused; `reason` says why, in the person's language."""

    def __init__(self, reason: str) -> None:
        super().__init__("password refused")
        self.reason = reason


def check_password(email: str, password: str, seen: Visitor) -> User:
    """Whose address and password these are.

    Raises WrongPassword, after the same time for a known address as for an unknown one; throttle.Waiting after too
    many wrong ones, and then nothing was judged.
    """
    user = user_by_email(email)
    tried = guesses.at_sign_in(email, user, seen)
    if not passwords.is_right(password, user.password_hash if user else None) or user is None:
        guesses.note_wrong(email)
        raise WrongPassword
    tried.right()
    return user


def sign_out(user: User) -> None:
    """End this browser's session."""
    chain.record("signin.ended", subject=user, actor_id=user.id, customer_id=user.customer_id)
    sessions.end_current()


def change_password(user: User, current: str, new: str, seen: Visitor) -> None:
    """Another password; every other session ends (ASVS 7.4.3).

    Raises WrongPassword, PasswordRefused; throttle.Waiting after too many wrong ones, and then nothing was judged.
    """
    tried = guesses.by_session(user, seen)
    if not passwords.is_right(current, user.password_hash):
        raise WrongPassword
    tried.right()
    db.session.commit()  # nothing is locked while the new one is hashed
    set_password(user, new)
    sessions.end_others(user, keep=user.sign_in)
    emails.password_changed(user)


def set_password(user: User, new: str) -> None:
    """Raises PasswordRefused with the reason."""
    if reason := passwords.objection(new, about=known_words(user.email, user.full_name)):
        raise PasswordRefused(reason)
    user.password_hash = passwords.hashed(new)
    pending.cancel(user)
    chain.record("password.changed", subject=user, actor_id=user.id, customer_id=user.customer_id)


def known_words(email: str, full_name: str) -> tuple[str, ...]:
    """What others know of a person, and so must not be a password."""
    return (email, email.partition("@")[0], full_name, full_name.replace(" ", ""), *full_name.split())


def forget_password(email: str) -> None:
    """Mail a link to whoever has this address; an unknown one costs the same work, and nothing shows it."""
    user = user_by_email(email)
    if user is None:
        links.forget_nobodys(LinkPurpose.RESET_PASSWORD)
        emails.reset_password_for_nobody(hashes.new_secret(), clock.now() + timedelta(hours=RESET_HOURS))
        return
    secret, link = links.issue(user, LinkPurpose.RESET_PASSWORD, hours=RESET_HOURS)
    with force_locale(user.locale):
        emails.reset_password(user, secret, link.expires_at)


def reset_password(secret: str, new: str) -> bool:
    """Set a new password by a mailed link; False when the link is not valid any more.

    Raises PasswordRefused, and the link stays valid.
    """
    found = links.find(secret, LinkPurpose.RESET_PASSWORD)
    if found is None:
        return False
    _link, user = found
    set_password(user, new)
    sessions.end_others(user, keep=None)
    emails.password_changed(user)
    return True


def invite_to_set_password(user: User, *, hours: float) -> tuple[str, datetime]:
    """A single-use secret that sets the first password (operator add), and until when it works."""
    secret, link = links.issue(user, LinkPurpose.RESET_PASSWORD, hours=hours)
    return secret, link.expires_at
