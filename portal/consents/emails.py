"""The letter of this room: facts only; the words are in templates/mail/consents/."""

from collections.abc import Sequence

from portal.accounts.models import User
from portal.consents.models import PURPOSE_NAMES
from portal.consents.purposes import ConsentPurpose
from portal.core import clock, web
from portal.mailer.post import Reader, write


def unsubscribed(user: User, stopped: Sequence[ConsentPurpose]) -> None:
    """What was asked for, when it came in and from when it holds; no advertising (Decree 91/2020)."""
    facts = {
        "full_name": user.full_name,
        "kinds": [PURPOSE_NAMES[kind] for kind in stopped],
        "received_at": clock.now(),
        "link": web.absolute_url("consents.index"),
    }
    write("consents/unsubscribed", Reader(user.email, user.locale, user.id), facts)
