"""Signing up and verifying the address."""

from flask import Blueprint, flash
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import Kind
from portal.core import web
from portal.core.access import public
from portal.core.database import db
from portal.core.throttle import throttled
from portal.extensions import csrf
from portal.joining import service
from portal.joining.forms import SignUpForm, VerifyForm

bp = Blueprint("joining", __name__)


@bp.route("/sign-up", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("sign-up", limit=60, seconds=3600)
@throttled("sign-up-address", field="email", limit=10, seconds=3600)
def sign_up() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return web.see_other("pages.overview")
    form = SignUpForm()
    if not form.validate_on_submit():
        return web.page("joining/sign-up.html", form=form)
    service.register(_applicant(form))
    db.session.commit()
    return web.see_other("joining.sign_up_sent")


def _applicant(form: SignUpForm) -> service.Applicant:
    return service.Applicant(
        kind=Kind(form.kind.data),
        full_name=form.full_name.data,
        company_name=form.company_name.data or "",
        email=form.email.data,
        password=form.password.data,
        locale=str(get_locale()),
    )


@bp.get("/sign-up/sent")
@public
def sign_up_sent() -> ResponseReturnValue:
    return web.page("joining/sign-up-sent.html")


@bp.route("/verify-email/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("verify-email", limit=60, seconds=3600)
def verify_email(token: str) -> ResponseReturnValue:
    registration = service.waiting(token)
    if registration is None:
        return web.page("signin/link-over.html", status=404)
    form = VerifyForm()
    if not form.validate_on_submit():
        return web.page("joining/verify-email.html", form=form)
    service.verify(registration)
    db.session.commit()
    flash(_("Your address is verified. You can sign in now."), "success")
    return web.see_other("signin.sign_in")
