"""Letters about getting in: facts only; the words are in templates/mail/signin/."""

from datetime import datetime

from flask_babel import get_locale

from portal.accounts.models import User
from portal.core import web
from portal.mailer.post import Reader, words, write
from portal.signin.models import SignIn


def to(user: User) -> Reader:
    """This user, in their own language."""
    return Reader(user.email, user.locale, user.id)


def reset_password(user: User, secret: str, expires_at: datetime) -> None:
    """A link that sets a new password, for an hour."""
    link = web.absolute_url("signin.reset_password", token=secret)
    write("signin/reset-password", to(user), {"full_name": user.full_name, "link": link}, expires_at=expires_at)


def reset_password_for_nobody(address: str, secret: str) -> None:
    """The same letter for an address without an account, thrown away: the answer takes as long as for a known one."""
    link = web.absolute_url("signin.reset_password", token=secret)
    words("signin/reset-password", str(get_locale()), {"full_name": address, "link": link})


def password_changed(user: User, seen: SignIn | None) -> None:
    """Somebody changed the password; most likely the person."""
    facts = {
        "full_name": user.full_name,
        "browser": seen.browser if seen else "",
        "system": seen.system if seen else "",
        "recover": web.absolute_url("signin.forgot_password"),
    }
    write("signin/password-changed", to(user), facts)
