"""What was begun and would change who gets in: cancelled when the password changes or somebody says "not me"."""

from flask import current_app
from sqlalchemy import delete

from portal.accounts import links
from portal.accounts.models import LinkPurpose, User
from portal.core.database import db
from portal.signin.models import Handshake

MAILED = (LinkPurpose.NEW_EMAIL, LinkPurpose.RESET_PASSWORD, LinkPurpose.LINK_ACCOUNT)


def cancel(user: User) -> None:
    """Mailed links, half-done sign-ins and set-ups, and what rooms upstairs hold (a phone number's code: app.py).

    Whoever began it need not be who knows the password now. Links that say "this was not me" stay.
    """
    for purpose in MAILED:
        links.forget(user, purpose)
    db.session.execute(delete(Handshake).where(Handshake.user_id == user.id))
    for cancel_theirs in current_app.extensions["pending_changes"]:
        cancel_theirs(user)
