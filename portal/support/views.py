"""The contact form, for everyone (clauses 4.1, 13.1)."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from portal.core import web
from portal.core.access import public
from portal.core.database import db
from portal.core.throttle import count, throttled
from portal.extensions import csrf
from portal.support import service
from portal.support.forms import ContactForm
from portal.support.models import MESSAGE_DAYS

bp = Blueprint("support", __name__)

HOUR = 3600


@bp.route("/contact", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("contact-ip", limit=100, seconds=HOUR)
def contact() -> ResponseReturnValue:
    form = ContactForm(data=_known_of_writer())
    if not form.validate_on_submit():
        return web.page("support/contact.html", form=form, days=MESSAGE_DAYS)
    count("contact", form.email.data.casefold(), limit=10, seconds=HOUR)
    service.receive(_written(form), by=current_user if current_user.is_authenticated else None)
    db.session.commit()
    return web.see_other("support.contact_sent")


@bp.get("/contact/sent")
@public
def contact_sent() -> ResponseReturnValue:
    return web.page("support/contact-sent.html")


def _known_of_writer() -> dict[str, Any]:
    if not current_user.is_authenticated:
        return {}
    return {"full_name": current_user.full_name, "email": current_user.email, "phone": current_user.phone}


def _written(form: ContactForm) -> service.Written:
    return service.Written(
        full_name=form.full_name.data,
        email=form.email.data,
        phone=form.phone.data or "",
        subject=form.subject.data,
        body=form.body.data,
        locale=str(get_locale()),
    )
