"""Beside the clause about keeping: whether this account is closing, and how many days are left."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.core.living import ClauseControl, Said
from portal.erasure.service import days_left
from portal.extensions import settings


def _closing(user: Any) -> Sequence[Said]:
    if not user.is_closing:
        return [Said(_("Your account is not closing"))]
    since = min(moment for moment in (user.closing_since, user.customer.closing_since) if moment)
    left = days_left(since + timedelta(days=settings().retention_days))
    words = ngettext(
        "Your account is closing: %(num)d day left", "Your account is closing: %(num)d days left", left
    )  # fmt: skip
    return [Said(words, is_on=True)]


CONTROLS = (ClauseControl("8.2", _l("Closing your account"), "erasure.close_account", _closing),)
