"""The line above every page while an account is closing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.core.menu import Banner
from portal.erasure.service import days_left
from portal.extensions import settings


def closing_banner(user: Any) -> Sequence[Banner]:
    """How many days are left, and the way to the undo; not on pages that say it themselves. No query."""
    if not user.is_closing or request.blueprint == "erasure":
        return ()
    since = min(moment for moment in (user.closing_since, user.customer.closing_since) if moment)
    left = days_left(since + timedelta(days=settings().retention_days))
    text = ngettext(
        "Your account is closing. Everything is erased in %(num)d day; until then you can only read.",
        "Your account is closing. Everything is erased in %(num)d days; until then you can only read.",
        left,
    )
    return (Banner("warn", text, url_for("erasure.close_account"), _("See and undo")),)
