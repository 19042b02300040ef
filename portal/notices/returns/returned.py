"""Somebody whose letters came back: told above every page, until the address is proven or said to be right."""

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.accounts.models import User
from portal.audit import chain
from portal.core.menu import Banner
from portal.notices.composing.audience import masked
from portal.notices.returns import suppression


def banners(user: Any) -> Sequence[Banner]:
    """The line above the pages; not on the page that says it itself. No query: the mark is on the person's row."""
    if user.mail_returned_at is None or request.blueprint == "returned":
        return ()
    text = _("Our letters to %(address)s come back. What we write does not reach you.", address=masked(user.email))
    return (Banner("warn", text, url_for("returned.mail_returned"), _("Put it right")),)


def adopt(user: User) -> None:
    """The address is proven: letters reach it, whatever was known of it before (DECISIONS 13; app.py, ADOPTERS)."""
    suppression.lift(user.email)
    user.mail_returned_at = None


def try_again(user: User) -> None:
    """The person says that the address is right: notices go there again, until one comes back."""
    adopt(user)
    chain.record("mail.try-again", subject=user, actor_id=user.id, customer_id=user.customer_id)
