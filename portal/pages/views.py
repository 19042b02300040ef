"""Pages that belong to no other room: home, overview, language."""

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.consents import choices
from portal.core import language, web
from portal.core.access import also_while_closing, public, signed_in
from portal.core.database import db
from portal.core.language import LOCALES
from portal.extensions import csrf, settings
from portal.pages import overview as overviews
from portal.pages.forms import LocaleForm

bp = Blueprint("pages", __name__)


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """The front door; who is signed in goes to the overview."""
    if current_user.is_authenticated:
        return web.see_other("pages.overview")
    return web.page("pages/home.html")


@bp.get("/overview")
@signed_in
def overview() -> ResponseReturnValue:
    """Where a person stands, and the one next step."""
    standing = overviews.standing(current_user)
    return web.page("pages/overview.html", standing=standing, retention_days=settings().retention_days)


@bp.post("/locale")
@csrf.exempt
@public
@also_while_closing
def set_locale() -> ResponseReturnValue:
    """Another language, from the next page on; kept with the account of who is signed in."""
    form = LocaleForm()
    response = make_response(redirect(_page_before(), 303))
    if not form.validate_on_submit() or form.locale.data not in LOCALES:
        return response
    _remember(response, str(form.locale.data))
    return response


def _remember(response: Response, locale: str) -> None:
    if current_user.is_authenticated:
        current_user.locale = locale
        db.session.commit()
    language.remember(response, locale, lives=choices.language_lives())


def _page_before() -> str:
    referrer = request.referrer or ""
    path = referrer.removeprefix(request.host_url.rstrip("/")) if referrer.startswith(request.host_url) else ""
    return web.safe_next(path) or "/"


@bp.app_context_processor
def language_form() -> dict[str, LocaleForm]:
    """Every page's footer offers the other language."""
    return {"locale_form": LocaleForm(formdata=None)}
