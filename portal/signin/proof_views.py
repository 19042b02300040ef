"""Fresh proof: the page that asks who is there."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import also_while_closing, signed_in
from portal.core.database import db
from portal.core.throttle import count, throttled
from portal.signin import service
from portal.signin.forms import ConfirmForm

bp = Blueprint("proof", __name__)


@bp.route("/confirm-identity", methods=["GET", "POST"])
@signed_in
@also_while_closing
@throttled("confirm-ip", limit=30, seconds=600)
def confirm_identity() -> ResponseReturnValue:
    form = ConfirmForm()
    if not form.validate_on_submit():
        return web.page("signin/confirm-identity.html", form=form)
    count("prove-account", str(current_user.id), limit=20, seconds=600)
    try:
        service.prove(current_user, form.password.data)
    except service.WrongPassword:
        form.password.errors = [_("This is not your password.")]
        return web.page("signin/confirm-identity.html", form=form)
    db.session.commit()
    return redirect(web.safe_next(request.args.get("next")) or "/overview", 303)
