"""The page that asks to wait after wrong tries: the form again, and until when."""

from datetime import timedelta
from math import ceil
from typing import Any

from flask import Response
from flask_babel import format_time, ngettext

from portal.core import web
from portal.core.throttle import Waiting

BRIEF = 90  # seconds; longer waits are told in minutes


def page(template: str, form: Any, wait: Waiting, *, also: str = "", **context: Any) -> Response:
    """429 with Retry-After: the form as it was, what came before it, until when; `also` says what else is open."""
    form.form_errors.append(" ".join(filter(None, [words(wait), also])))
    response = web.page(template, form=form, status=429, **context)
    response.headers["Retry-After"] = str(wait.retry_after)
    return response


def words(wait: Waiting) -> str:
    """Why nothing was checked and how long to wait, in the reader's words."""
    until = format_time(wait.until + timedelta(seconds=1), "medium")
    if wait.retry_after <= BRIEF:
        return ngettext(
            "Wrong tries came before, so this one was not checked. Please wait one second, until %(until)s.",
            "Wrong tries came before, so this one was not checked. Please wait %(num)d seconds, until %(until)s.",
            wait.retry_after,
            until=until,
        )
    return ngettext(
        "Wrong tries came before, so this one was not checked. Please wait one minute, until %(until)s.",
        "Wrong tries came before, so this one was not checked. Please wait %(num)d minutes, until %(until)s.",
        ceil(wait.retry_after / 60),
        until=until,
    )
