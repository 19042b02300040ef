"""The page behind the link of an advertising letter, and the mail program's own button (RFC 8058).

The link is all that is asked for: no session, no cookie. Opening it changes nothing, since scanners open links.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, g, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh

from portal.accounts.models import User
from portal.consents import leaving, unsubscribing
from portal.consents.forms import ALL_MARKETING, UnsubscribeForm
from portal.consents.models import PURPOSE_NAMES, ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core import web
from portal.core.access import public
from portal.core.database import db
from portal.core.language import cookie_name
from portal.core.throttle import throttled
from portal.extensions import csrf

bp = Blueprint("unsubscribe", __name__)

FLOOD = 3000  # a mail provider presses the button for many of its people from a few addresses


@bp.route(f"{unsubscribing.PATH}<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("unsubscribe", limit=FLOOD, seconds=60)
def unsubscribe(token: str) -> ResponseReturnValue:
    """GET asks, POST acts. Whoever was erased is told the same as whoever left already."""
    meant = unsubscribing.read(token)
    if meant is None:
        abort(404)
    user_id, kind = meant
    user = leaving.reader(user_id)
    _speak_as_the_letter(user)
    if request.method == "POST" and request.form.get("List-Unsubscribe") == "One-Click":
        return _by_the_mail_program(user, kind)
    return _by_the_page(token, user_id, user, kind)


def _by_the_mail_program(user: User | None, kind: ConsentPurpose) -> Response:
    """Plain words and no redirect: a program reads the answer, if anybody does (RFC 8058, 3.2)."""
    if user is not None:
        leaving.leave(user, [kind], way=ConsentWay.ONE_CLICK)
        db.session.commit()
    told = _("Nothing of this kind is sent to you any more: %(kind)s.", kind=PURPOSE_NAMES[kind])
    return make_response(told + "\n", 200, {"Content-Type": "text/plain; charset=utf-8"})


def _by_the_page(token: str, user_id: UUID, user: User | None, kind: ConsentPurpose) -> Response:
    form = UnsubscribeForm()
    if not form.validate_on_submit():
        given = leaving.given_to(user_id)
        return web.page("consents/unsubscribe.html", form=form, kind=kind, given=given, names=PURPOSE_NAMES)
    if user is not None:
        kinds = [kind, *leaving.given_to(user_id)] if form.which.data == ALL_MARKETING else [kind]
        leaving.leave(user, list(dict.fromkeys(kinds)), way=ConsentWay.UNSUBSCRIBE)
        db.session.commit()
    return web.see_other("unsubscribe.unsubscribe", token=token)


def _speak_as_the_letter(user: User | None) -> None:
    """The page goes on in the letter's language, unless this browser chose another."""
    if user is not None and cookie_name() not in request.cookies:
        g.locale = user.locale
        refresh()
