"""Signing in and out, forgotten passwords, devices."""

from contextlib import suppress
from uuid import UUID

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import links
from portal.accounts.models import LinkPurpose
from portal.core import web
from portal.core.access import also_while_closing, public, signed_in
from portal.core.database import db
from portal.core.language import moment
from portal.core.throttle import TooOften, Waiting, account, count, throttled
from portal.signin import check_up, check_up_words, devices, entering, lately, pending, service, sessions, waiting
from portal.signin.forms import ChangePasswordForm, ForgotForm, NewPasswordForm, SignInForm
from portal.signin.models import Way
from portal.signin.proof import fresh_proof

bp = Blueprint("signin", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
@throttled("sign-in-ip", limit=100, seconds=600)
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return web.page("signin/sign-in.html", form=form)
    try:
        user = service.check_password(form.email.data, form.password.data, web.visitor())
    except service.WrongPassword:
        form.form_errors.append(_("This e-mail and password do not fit together."))
        return web.page("signin/sign-in.html", form=form)
    except Waiting as wait:
        also = _("The other ways in below are open meanwhile, a link by e-mail too.")
        return waiting.page("signin/sign-in.html", form, wait, also=also)
    answer = entering.enter(user, Way.PASSWORD, web.visitor(), after=request.args.get("next"))
    db.session.commit()
    return answer


@bp.post("/sign-out")
@signed_in
@also_while_closing
def sign_out() -> ResponseReturnValue:
    service.sign_out(current_user)
    db.session.commit()
    flash(_("You are signed out."), "success")
    answer = web.see_other("pages.home")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # ASVS 5.0, 14.3.1; the cookie stays: it carries the words
    return answer


@bp.route("/forgot-password", methods=["GET", "POST"])
@public
@throttled("forgot-ip", limit=30, seconds=3600)
def forgot_password() -> ResponseReturnValue:
    """Beyond five letters an hour to one address the answer is the same, and the newest letter goes on working.

    A refusal here would let a stranger close the rescue to its owner.
    """
    form = ForgotForm()
    if not form.validate_on_submit():
        return web.page("signin/forgot-password.html", form=form)
    with suppress(TooOften):
        count("forgot-account", account(form.email.data), limit=5, seconds=3600)
        service.forget_password(form.email.data)
        db.session.commit()
    return web.see_other("signin.forgot_password_sent")


@bp.get("/forgot-password/sent")
@public
def forgot_password_sent() -> ResponseReturnValue:
    return web.page("signin/forgot-password-sent.html")


@bp.route("/reset-password/<token>", methods=["GET", "POST"])
@public
@throttled("reset-ip", limit=30, seconds=3600)
def reset_password(token: str) -> ResponseReturnValue:
    found = links.find(token, LinkPurpose.RESET_PASSWORD)
    if found is None:
        return web.page("signin/link-over.html", status=404)
    db.session.commit()  # nothing is locked while a password is hashed
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return web.page("signin/reset-password.html", form=form)
    try:
        is_done = service.reset_password(token, form.password.data)
    except service.PasswordRefused as refusal:
        form.password.errors = [refusal.reason]
        return web.page("signin/reset-password.html", form=form)
    if not is_done:
        return web.page("signin/link-over.html", status=404)
    db.session.commit()
    devices.mailbox_proven(found[1])
    flash(_("Your new password is set. Please sign in with it."), "success")
    return web.see_other("signin.sign_in")


@bp.get("/security")
@signed_in
def security() -> ResponseReturnValue:
    findings = check_up.of(current_user)
    return web.page(
        "signin/security.html",
        summary=check_up_words.summary(findings),
        cards=[check_up_words.card(finding) for finding in findings],
        acts=[(moment(act.at), act.words, "") for act in lately.of(current_user)],
    )


@bp.route("/security/password", methods=["GET", "POST"])
@signed_in
@throttled("password-ip", limit=30, seconds=600)
@fresh_proof
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not form.validate_on_submit():
        return web.page("signin/change-password.html", form=form)
    try:
        service.change_password(current_user, form.current_password.data, form.password.data, web.visitor())
    except service.WrongPassword:
        form.current_password.errors = [_("This is not your password.")]
        return web.page("signin/change-password.html", form=form)
    except Waiting as wait:
        return waiting.page("signin/change-password.html", form, wait)
    except service.PasswordRefused as refusal:
        form.password.errors = [refusal.reason]
        return web.page("signin/change-password.html", form=form)
    db.session.commit()
    flash(_("Your password is changed, and every other device is signed out."), "success")
    return web.see_other("signin.security")


@bp.get("/security/sessions", endpoint="devices")
@signed_in
def session_list() -> ResponseReturnValue:
    return web.page("signin/sessions.html", devices=devices.of(current_user))


@bp.post("/security/sessions/<uuid:sign_in_id>/end")
@signed_in
@also_while_closing
@fresh_proof
def end_session(sign_in_id: UUID) -> ResponseReturnValue:
    if not sessions.end(current_user, sign_in_id):
        abort(404)
    db.session.commit()
    flash(_("That device is signed out."), "success")
    return web.see_other("signin.devices")


@bp.post("/security/sessions/end-others")
@signed_in
@also_while_closing
@fresh_proof
def end_other_sessions() -> ResponseReturnValue:
    sessions.end_others(current_user, keep=current_user.sign_in)
    pending.cancel(current_user)  # whoever sat there may have begun to take the account
    db.session.commit()
    flash(_("Every other device is signed out, and changes that waited for a letter are cancelled."), "success")
    return web.see_other("signin.devices")
