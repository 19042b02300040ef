"""Letters about getting in: facts only; the words are in templates/mail/signin/."""

from datetime import datetime

from flask_babel import get_locale
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.core import web
from portal.core.database import db
from portal.mailer.post import Reader, write
from portal.signin import alarms
from portal.signin.factors.models import Passkey
from portal.signin.providers.models import LinkedAccount


def to(user: User) -> Reader:
    """This user, in their own language."""
    return Reader(user.email, user.locale, user.id)


def reset_password(user: User, secret: str, expires_at: datetime) -> None:
    """A link that sets a new password, for an hour."""
    link = web.absolute_url("signin.reset_password", token=secret)
    write("signin/reset-password", to(user), {"full_name": user.full_name, "link": link}, expires_at=expires_at)


def reset_password_for_nobody(secret: str, expires_at: datetime) -> None:
    """The same letter for an address without an account, written and taken back: it rings, and goes nowhere.

    The answer takes as long as for a known address, since the same is rendered and as much is written; what was typed
    is not in it.
    """
    link = web.absolute_url("signin.reset_password", token=secret)
    nobody = Reader("", str(get_locale()))
    facts = {"full_name": "", "link": link}
    letter = write("signin/reset-password", nobody, facts, expires_at=expires_at)
    db.session.flush()
    db.session.delete(letter)


def password_changed(user: User) -> None:
    """Somebody changed the password; the letter names what else opens the account, since a thief would leave that."""
    linked = db.session.scalars(select(LinkedAccount.provider).where(LinkedAccount.user_id == user.id))
    passkeys = db.session.scalar(select(func.count()).where(Passkey.user_id == user.id))
    facts = {"linked": list(linked), "passkeys": passkeys}
    alarms.tell(user, "signin/password-changed", about="password", facts=facts)


def signed_out_everywhere(user: User, undone: list[str]) -> None:
    """After “this was not me”: what was done, in the reader's words, and how to go on."""
    facts = {"full_name": user.full_name, "undone": undone, "recover": web.absolute_url("signin.forgot_password")}
    write("signin/signed-out-everywhere", to(user), facts)


def address_put_back(user: User, address: str) -> None:
    """To the `address` that lost the account: no name in it, since nobody knows who reads there."""
    write("signin/address-put-back", Reader(address, user.locale, user.id), {})
