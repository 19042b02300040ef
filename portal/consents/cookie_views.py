"""Cookies: what is kept in a browser, the two choices, and the banner that asks for them (clauses 4.2, 5.1, 5.2)."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from portal.consents import choices, cookie_banner, gpc, measuring, service
from portal.consents.choices import Choices
from portal.consents.cookie_forms import CookieForm, OwnCookieForm
from portal.consents.models import ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core import language, throttle, web
from portal.core.access import also_while_closing, public
from portal.core.database import db
from portal.extensions import csrf

PAGE = "/cookies"

bp = Blueprint("cookies", __name__)
bp.after_app_request(measuring.note)


@bp.route(PAGE, methods=["GET", "POST"])
@csrf.exempt
@public
@also_while_closing
def cookies() -> ResponseReturnValue:
    """What the portal keeps in a browser, and the choices; works with every cookie refused."""
    if request.method == "POST":
        _refuse_what_others_send()
    kind = OwnCookieForm if current_user.is_authenticated else CookieForm
    form = kind(data={field: choices.may(purpose) for purpose, field in choices.FIELDS.items()})
    if not form.validate_on_submit():
        return _shown(form)
    if gpc.asks_not_to():
        return web.see_other(".cookies")
    chosen = Choices(measurement=form.measurement.data, preferences=form.preferences.data)
    if current_user.is_authenticated:
        _into_ledger(chosen, web.safe_next(form.next.data))
    response = make_response(redirect(_onward(web.safe_next(form.next.data)), 303))
    choices.remember(response, chosen)
    return response


def _shown(form: CookieForm | OwnCookieForm) -> ResponseReturnValue:
    """The page; or the way back, where a banner's answer was kept by the browser."""
    back = web.safe_next(request.args.get("back"))
    is_kept = choices.of_browser() is not None
    if request.method == "GET" and back and is_kept:
        return redirect(back, 303)
    return web.page(
        "cookies/cookies.html",
        form=form,
        session_cookie=current_app.config["SESSION_COOKIE_NAME"],
        language_cookie=language.cookie_name(),
        choice_cookie=choices.cookie_name(),
        words=cookie_banner.words(),
        days=choices.LIVES.days,
        is_lasting=choices.language_lives() is not None,
        asked_by_browser=gpc.asks_not_to(),
        answered="back" in request.args or "saved" in request.args,
        is_kept=is_kept,
        back=back,
    )


def _refuse_what_others_send() -> None:
    """No other site chooses for a visitor: what was sent from one is a 400; who is signed in shows the session's token.

    Browsers say where a form was sent from (Sec-Fetch-Site, Origin); what says neither is no browser of today.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or (origin and not _is_ours(origin)):
        abort(400)
    if current_user.is_authenticated:
        csrf.protect()


def _is_ours(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False


def _into_ledger(chosen: Choices, came_from: str | None) -> None:
    """One entry for each answer that changes something, on the page where its words stood (Decree 356 Art. 6)."""
    throttle.count("cookies", str(current_user.id), limit=100, seconds=3600)
    page = _rule_of(came_from)
    for purpose in choices.FIELDS:
        granted = chosen.of(purpose)
        if not (granted and current_user.is_closing):  # whoever is leaving withdraws, and agrees to nothing new
            service.decide(current_user, purpose, granted=granted, way=ConsentWay.COOKIES, page=page)
    db.session.commit()


def _rule_of(path: str | None) -> str:
    """The rule of the page with the banner, never its address, which may hold a secret; without one, this page."""
    try:
        rule, _parts = current_app.url_map.bind("").match(urlsplit(path or PAGE).path, return_rule=True)
    except HTTPException:
        return PAGE
    return str(rule.rule)


def _onward(back: str | None) -> str:
    """Back to where the banner was; a browser that has shown no cookie yet comes by here, to see if it keeps one."""
    if back is None:
        return url_for(".cookies", saved=1)
    return back if request.cookies else url_for(".cookies", back=back)


@bp.after_app_request
def keep_in_step(response: Response) -> Response:
    """A switch turned on the page of consents counts in this browser too; what was withdrawn elsewhere ends here."""
    turned = (request.view_args or {}).get("purpose")
    if request.method == "POST" and request.blueprint == "consents" and response.status_code == 303:
        if turned in choices.FIELDS and current_user.is_authenticated:
            choices.mirror(response, ConsentPurpose(turned))
    elif request.method == "GET" and response.mimetype == "text/html" and response.status_code == 200:
        choices.follow(response)
    return response


@bp.app_context_processor
def banner() -> dict[str, object]:
    """Every page asks, until it was answered."""
    return {"cookie_question": cookie_banner.question, "cookie_days": choices.LIVES.days}
