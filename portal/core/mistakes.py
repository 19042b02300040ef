"""Every mistake gets a clean page with the right status, in the reader's language, and tells nothing else."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.core import access, hashes, web
from portal.core.database import db
from portal.core.throttle import TooOften

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5
REFUSALS = (400, 403, 404, 405, 409, 413, 429)
WORDS = {
    400: (
        _l("That request could not be read"),
        _l("Something in it was not as it should be. Please go back and try again."),
    ),
    403: (
        _l("Not part of your access"),
        _l("Your account may not do this. An Admin User of your organisation can grant it."),
    ),
    404: (_l("Nothing here"), _l("This page does not exist, or it is not yours to see.")),
    405: (_l("Not in this way"), _l("This address cannot be opened like that. Please use the buttons of the portal.")),
    409: (
        _l("Twice at once"),
        _l("The same thing was done twice at once. Once is enough; please open the page again."),
    ),
    413: (_l("Too large"), _l("What you sent is larger than we accept here. Nothing was saved.")),
    429: (_l("Too often"), _l("You tried this many times in a short while. Please wait a little, then try again.")),
    500: (_l("Our mistake"), _l("Something went wrong on our side. Nothing of yours was lost, and we have been told.")),
    503: (_l("Busy for a moment"), _l("Many people are at work here just now. Please try again in a few seconds.")),
}


def connect(app: Flask) -> None:
    """Give the app its error pages."""
    app.register_error_handler(CSRFError, _form_not_ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(TooOften, lambda e: answer(429, retry_after=e.retry_after))
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(IntegrityError, _twice)
    app.register_error_handler(Exception, _unexpected)


def answer(code: int, *, title: Any = None, text: Any = None, retry_after: int | None = None) -> Response:
    """The page for a status; JSON for who asks for it."""
    _note(code)
    known_title, known_text = WORDS.get(code, WORDS[400])
    title, text = str(title or known_title), str(text or known_text)
    body: Any = (
        jsonify(error=title, detail=text)
        if web.wants_json()
        else render_template("errors/error.html", code=code, title=title, text=text)
    )
    response = make_response(body, code)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _note(code: int) -> None:
    """A line in the log for what was refused (ASVS 5.0, 16.3.2, 16.3.3); an address that never was is none."""
    if code not in REFUSALS or (code == 404 and request.endpoint is None):
        return
    who = hashes.keyed("log", str(current_user.id))[:16] if current_user.is_authenticated else None
    log.warning("request.refused", code=code, method=request.method, who=who)


def _form_not_ours(error: CSRFError) -> ResponseReturnValue:
    """Somebody who signed out in another tab is asked to sign in; nothing is wrong with their cookies."""
    if (to_sign_in := access.sign_in_first()) is not None:
        return to_sign_in
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return _form_too_old()
    title = _("Your browser sent no cookie with this form")
    text = _(
        "Signing in needs one small cookie that ends when you close the browser. "
        "Please allow cookies for this site, open the page again and send the form once more."
    )
    return answer(400, title=title, text=text)


def _form_too_old() -> Response:
    title = _("This form is not valid any more")
    text = _(
        "It was open too long, or you signed in or out in the meantime. "
        "Please open the page again and send the form once more."
    )
    return answer(400, title=title, text=text)


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    response = answer(error.code)
    if error.code == 405:
        response.headers["Allow"] = ", ".join(error.valid_methods or [])  # type: ignore[attr-defined]
    return response


def _database(error: OperationalError) -> Response:
    db.session.rollback()
    log.warning("database.busy", error=type(error.orig).__name__)
    return answer(503, retry_after=RETRY_SECONDS)


def _twice(error: IntegrityError) -> Response:
    db.session.rollback()
    log.warning("database.refused", error=type(error.orig).__name__)
    return answer(409)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    trace = [f"{frame.f_code.co_filename.rsplit('/', 2)[-1]}:{line}" for frame, line in _frames(error)][-8:]
    log.error("page.failed", error=type(error).__name__, trace=" > ".join(trace))
    return answer(500)


def _frames(error: BaseException) -> list[tuple[Any, int]]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return frames
