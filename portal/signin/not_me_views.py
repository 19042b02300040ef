"""This was not me: from a security letter, back to safety; works signed out and with every cookie refused."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.core import web
from portal.core.access import also_while_closing, public
from portal.core.database import db
from portal.core.throttle import throttled
from portal.extensions import csrf
from portal.signin import not_me as service
from portal.signin import undoing
from portal.signin.forms import NotMeForm
from portal.signin.not_me_words import what_happened

bp = Blueprint("not_me", __name__)


@bp.route("/not-me/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@also_while_closing
@throttled("not-me-ip", limit=30, seconds=3600)
def not_me(token: str) -> ResponseReturnValue:
    form = NotMeForm()
    try:
        if not form.validate_on_submit():
            return _ask(form, token)
        secret = service.recover(token)
    except service.LinkOver:
        return web.page("signin/not-me-over.html", status=404)
    except service.AddressTaken:
        db.session.commit()
        return web.page("signin/not-me-taken.html", status=409)
    db.session.commit()
    return web.see_other("signin.reset_password", token=secret)


def _ask(form: NotMeForm, token: str) -> ResponseReturnValue:
    link, user = service.read(token)
    alarm = undoing.of_link(link, user)
    return web.page(
        "signin/not-me.html",
        form=form,
        happened=what_happened(alarm.about),
        link=link,
        undoings=undoing.applying(alarm),
        has_password=user.password_hash is not None,
    )
