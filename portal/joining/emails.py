"""Letters about joining: facts only; the words are in templates/mail/joining/."""

from datetime import datetime

from portal.accounts.models import User
from portal.core import web
from portal.joining.models import Registration
from portal.mailer.post import Reader, write


def verify(registration: Registration, secret: str, expires_at: datetime) -> None:
    """The link that makes the account, once its button is pressed."""
    link = web.absolute_url("joining.verify_email", token=secret)
    reader = Reader(registration.email, registration.locale)
    write("joining/verify", reader, {"link": link}, expires_at=expires_at)  # nothing of what a stranger may have typed


def already_here(user: User) -> None:
    """Somebody signed up with an address that has an account: only its owner is told."""
    facts = {
        "full_name": user.full_name,
        "sign_in": web.absolute_url("signin.sign_in"),
        "forgot": web.absolute_url("signin.forgot_password"),
        "is_closing": user.is_closing,
    }
    write("joining/already-here", Reader(user.email, user.locale, user.id), facts)


def welcome(user: User) -> None:
    """The account is open."""
    facts = {"full_name": user.full_name, "sign_in": web.absolute_url("signin.sign_in")}
    write("joining/welcome", Reader(user.email, user.locale, user.id), facts)
