"""The page behind the banner: letters came back, and there are two ways to put it right."""

from flask import Blueprint, Response, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import also_while_closing, signed_in
from portal.core.database import db
from portal.core.forms import Form
from portal.core.throttle import TooOften, count
from portal.notices.composing.audience import masked
from portal.notices.returns import returned

bp = Blueprint("returned", __name__)

DAY = 24 * 3600


class TryAgainForm(Form):
    """One button."""


@bp.route("/mail-returned", methods=["GET", "POST"])
@signed_in
@also_while_closing
def mail_returned() -> ResponseReturnValue:
    """Change the address, or say that it is right, once a day at most: a letter that comes back again counts again."""
    form = TryAgainForm()
    if current_user.mail_returned_at is None or not form.validate_on_submit():
        return _shown(form)
    try:
        count("mail-returned", str(current_user.id), limit=1, seconds=DAY)
    except TooOften as too_often:
        answer = _shown(form, too_often=True)
        answer.status_code, answer.headers["Retry-After"] = 429, str(too_often.retry_after)
        return answer
    returned.try_again(current_user)
    db.session.commit()
    flash(_("Thank you. We write to %(address)s again.", address=masked(current_user.email)), "good")
    return web.see_other("pages.overview")


def _shown(form: TryAgainForm, *, too_often: bool = False) -> Response:
    return web.page("notices/mail-returned.html", form=form, address=masked(current_user.email), too_often=too_often)
