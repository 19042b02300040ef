"""Signing up and verifying the address."""

from typing import Any

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import Kind
from portal.accounts.service import user_by_email
from portal.core import web
from portal.core.access import public
from portal.core.database import db
from portal.core.throttle import count, throttled
from portal.extensions import csrf
from portal.joining import service
from portal.joining.forms import ContinueForm, SignUpForm, VerifyElsewhereForm, VerifyForm
from portal.signin import entering, handshakes
from portal.signin.providers import linking, newcomers
from portal.signin.providers.linking_forms import NewcomerForm
from portal.signin.providers.models import PROVIDER_NAMES, Newcomer
from portal.signin.service import PasswordRefused

bp = Blueprint("joining", __name__)

HOUR = 3600


@bp.route("/sign-up", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("sign-up", limit=60, seconds=HOUR)
@throttled("sign-up-address", field="email", limit=10, seconds=HOUR)
def sign_up() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return web.see_other("pages.overview")
    if request.method == "GET":
        handshakes.browser_hash()  # never made by a post: another site's comes without the cookie (SameSite)
    form = SignUpForm()
    if not form.validate_on_submit():
        return web.page("joining/sign-up.html", form=form)
    service.register(_applicant(form, form.email.data), form.password.data)
    db.session.commit()
    return web.see_other("joining.sign_up_sent")


def _applicant(form: SignUpForm | ContinueForm, email: str) -> service.Applicant:
    return service.Applicant(
        kind=Kind(form.kind.data),
        full_name=form.full_name.data,
        company_name=form.company_name.data or "",
        email=email,
        locale=str(get_locale()),
    )


@bp.get("/sign-up/sent")
@public
def sign_up_sent() -> ResponseReturnValue:
    return web.page("joining/sign-up-sent.html")


@bp.route("/sign-up/continue", methods=["GET", "POST"])
@public
@throttled("sign-up", limit=60, seconds=HOUR)
@throttled("sign-up-address", field="email", limit=10, seconds=HOUR)
def continue_sign_up() -> ResponseReturnValue:
    """Back from Google or Facebook for the first time: age and policy are confirmed as at every sign-up."""
    newcomer = newcomers.here()
    if newcomer is None:
        flash(_("Nobody came back from Google or Facebook in this browser lately. Please begin here."), "info")
        return web.see_other("joining.sign_up")
    if current_user.is_authenticated:
        return web.see_other("linking.confirm")
    name = PROVIDER_NAMES[newcomer.provider]
    if linking.find(newcomer.issuer, newcomer.subject) is not None:
        flash(_("This %(provider)s account opens an account here already. Please sign in with it.", provider=name))
        return web.see_other("signin.sign_in")
    form = _continue_form(newcomer)
    if newcomer.email_is_proven and user_by_email(newcomer.email) is not None:
        return web.page("joining/address-here.html", newcomer=newcomer, provider=name)
    if not form.validate_on_submit():
        return web.page("joining/continue.html", form=form, newcomer=newcomer, provider=name)
    if newcomer.email_is_proven:
        return _open_at_once(form, newcomer)
    service.register_newcomer(_applicant(form, form.email.data), newcomer)
    db.session.commit()
    return web.see_other("joining.sign_up_sent")


def _continue_form(newcomer: Newcomer) -> ContinueForm:
    form = ContinueForm(newcomer, data={"full_name": newcomer.full_name, "email": newcomer.email})
    if newcomer.email_is_proven:
        del form.email  # it is shown, not asked for: another one would have to be proven
    return form


def _open_at_once(form: ContinueForm, newcomer: Newcomer) -> ResponseReturnValue:
    way = newcomer.provider.way
    user = service.open_at_once(_applicant(form, newcomer.email), newcomer)
    answer = entering.enter(user, way, web.visitor())
    db.session.commit()
    flash(_("Welcome. Your account is open."), "success")
    return answer


@bp.post("/sign-up/continue/letter")
@public
@throttled("link-letter", limit=30, seconds=HOUR)
def send_link_letter() -> ResponseReturnValue:
    """The address that the provider proved has an account: its owner gets a letter whose button links."""
    newcomer = newcomers.here()
    owner = user_by_email(newcomer.email) if newcomer and newcomer.email_is_proven else None
    if newcomer is None or owner is None:
        return web.see_other("joining.continue_sign_up")
    form = NewcomerForm(newcomer)
    if not form.validate_on_submit():
        flash("".join(form.newcomer.errors), "info")
        return web.see_other("joining.continue_sign_up")
    count("link-letter-account", str(owner.id), limit=5, seconds=HOUR)
    service.write_to_owner(owner, newcomer)
    db.session.commit()
    return web.see_other("joining.sign_up_sent")


@bp.route("/verify-email/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("verify-email", limit=60, seconds=HOUR)
def verify_email(token: str) -> ResponseReturnValue:
    """In the browser that signed up a button; in any other one a password too, which alone will count."""
    found = service.waiting(token)
    if found is None:
        return web.page("signin/link-over.html", status=404)
    db.session.commit()  # nothing is locked while a password is hashed
    form = VerifyElsewhereForm() if found.needs_password else VerifyForm()
    if not form.validate_on_submit():
        return _ask_to_verify(form, found)
    try:
        password_hash = service.password_for(found, form.password.data) if found.needs_password else None
    except PasswordRefused as refusal:
        form.password.errors = [refusal.reason]
        return _ask_to_verify(form, found)
    user = service.verify(found, password_hash=password_hash)
    db.session.commit()
    if user is None:
        flash(_("An account with this address exists by now. Please sign in to it, or set a new password."), "info")
    else:
        flash(_("Your address is verified. You can sign in now."), "success")
    return web.see_other("signin.sign_in")


def _ask_to_verify(form: Any, found: service.Waiting) -> ResponseReturnValue:
    provider = PROVIDER_NAMES[found.newcomer.provider] if found.newcomer else None
    return web.page("joining/verify-email.html", form=form, needs_password=found.needs_password, provider=provider)
