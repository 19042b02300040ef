"""The second step: its code at sign-in, switching it on and off, recovery codes."""

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import User
from portal.audit import chain
from portal.core import web
from portal.core.access import public, signed_in
from portal.core.database import db, writing
from portal.core.throttle import Waiting, count, delays, throttled
from portal.signin import devices, entering, handshakes, waiting
from portal.signin.factors import personnel, recovery_codes, second_step, totp
from portal.signin.factors.forms import CodeForm
from portal.signin.factors.models import SecondStep
from portal.signin.factors.second_step import Factor
from portal.signin.models import Handshake, HandshakeKind, Way
from portal.signin.proof import fresh_proof

bp = Blueprint("second_step", __name__)

TRIES = 5
PAGE = "signin/second-step.html"


# --- at sign-in


@bp.route("/sign-in/second-step", methods=["GET", "POST"])
@public
@throttled("second-step-ip", limit=100, seconds=600)
def ask() -> ResponseReturnValue:
    """The code that is missing since the first step was right; five tries within ten minutes."""
    waiting_for = handshakes.find(HandshakeKind.SECOND_STEP)
    user = db.session.get(User, waiting_for.user_id) if waiting_for else None
    if user is None:
        return _too_late()
    form = _code_or_recovery_code()
    if not form.validate_on_submit():
        return web.page(PAGE, form=form, is_by_paper=_is_by_paper())
    try:
        device = devices.known_by_visit(user.id, web.visitor())
        attempt = delays.attempt("second-step", str(user.id), device=device)
    except Waiting as wait:
        return waiting.page(PAGE, form, wait, is_by_paper=_is_by_paper())
    tried = handshakes.count_try(HandshakeKind.SECOND_STEP, most=TRIES)
    if tried is None:
        return _too_late()
    try:
        factor = second_step.check(user, str(form.code.data))
    except second_step.WrongCode:
        return _refused(form, tried)
    attempt.right()
    return _let_in(user, factor)


def _let_in(user: User, factor: Factor) -> ResponseReturnValue:
    """Both steps were right: the session begins, once."""
    data = handshakes.take(HandshakeKind.SECOND_STEP)
    if data is None:
        db.session.rollback()
        return _too_late()
    entering.let_in(user, Way(data["way"]), web.visitor(), is_strong=True)
    left = recovery_codes.left(user)
    db.session.commit()
    if factor == Factor.RECOVERY_CODE:
        _tell_how_many_are_left(left)
    return redirect(web.safe_next(data["after"]) or "/overview", 303)


def _refused(form: CodeForm, tried: Handshake) -> ResponseReturnValue:
    if tried.tries >= TRIES:
        handshakes.take(HandshakeKind.SECOND_STEP)
        db.session.commit()
        return _start_again(_("None of the codes fitted. Please sign in once more."))
    db.session.commit()
    form.code.errors = [_("This code does not fit, or it was used before. Please type the next one.")]
    return web.page(PAGE, form=form, is_by_paper=_is_by_paper())


def _too_late() -> ResponseReturnValue:
    if request.method == "POST":
        chain.record("second-step.too-late")
        db.session.commit()
    return _start_again(_("Please sign in once more: the time for the second step is over."))


def _start_again(words: str) -> ResponseReturnValue:
    flash(words, "warn")
    return web.see_other("signin.sign_in")


def _code_or_recovery_code() -> CodeForm:
    form = CodeForm()
    if _is_by_paper():
        form.code.label.text = _("Recovery code")
    return form


def _is_by_paper() -> bool:
    return request.args.get("by") == Factor.RECOVERY_CODE


def _tell_how_many_are_left(left: int) -> None:
    words = ngettext(
        "That recovery code is used up; %(num)d is left.", "That recovery code is used up; %(num)d are left.", left
    )
    if left <= recovery_codes.FEW:
        words += " " + _("Please make new ones soon: Security, then two-step verification.")
    flash(words, "warn" if left <= recovery_codes.FEW else "info")


# --- switching on and off


@bp.route("/security/two-step", methods=["GET", "POST"])
@signed_in
@fresh_proof
@throttled("two-step-ip", limit=30, seconds=600)
def two_step() -> ResponseReturnValue:
    """Off: a QR code, the secret as text, and a field for the first code. On: since when, and what can be done."""
    on = second_step.of(current_user)
    if on is not None:
        return _on_page(on) if request.method != "POST" else web.see_other("second_step.two_step")
    form = CodeForm()
    if not form.validate_on_submit():
        return _setup_page(form)
    count("two-step-account", str(current_user.id), limit=20, seconds=600)
    try:
        second_step.switch_on(current_user, str(form.code.data))
    except second_step.WrongCode:
        return _setup_refused(form, _("This code does not fit. Please type the one that the app shows now."))
    except second_step.NothingWaiting:
        if second_step.of(current_user):  # pressed twice
            return web.see_other("second_step.two_step")
        return _setup_refused(form, _("The secret on this page is a new one. Please scan it, then type the code."))
    db.session.commit()
    flash(_("Two-step verification is on."), "success")
    return web.see_other("second_step.codes", next=_next())


@bp.route("/security/two-step/codes", methods=["GET", "POST"])
@signed_in
@fresh_proof
@throttled("recovery-codes-ip", limit=10, seconds=3600)
def codes() -> ResponseReturnValue:
    """GET: the recovery codes just made, once. POST: makes ten new ones, and the old ones are void."""
    if request.method != "POST":
        return web.page("signin/two-step-codes.html", codes=_codes_just_made(), next_page=_next())
    try:
        second_step.renew_codes(current_user)
    except second_step.NothingWaiting:
        return web.see_other("second_step.two_step")
    db.session.commit()
    return web.see_other("second_step.codes")


@bp.post("/security/two-step/off")
@signed_in
@fresh_proof
def switch_off() -> ResponseReturnValue:
    """Signing in asks for no code any more; Smartos's own people need a passkey first."""
    try:
        was_on = second_step.switch_off(current_user)
    except second_step.Needed:
        flash(_("You work for Smartos: please add a passkey first. The console does not open without either."), "error")
        return web.see_other("second_step.two_step")
    db.session.commit()
    if was_on:
        flash(_("Two-step verification is off."), "success")
    return web.see_other("second_step.two_step")


def _on_page(on: SecondStep) -> ResponseReturnValue:
    return web.page(
        "signin/two-step-on.html",
        step=on,
        codes_left=recovery_codes.left(current_user),
        few=recovery_codes.FEW,
        can_switch_off=second_step.can_switch_off(current_user),
    )


def _setup_refused(form: CodeForm, words: str) -> ResponseReturnValue:
    db.session.commit()
    form.code.errors = [words]
    return _setup_page(form)


def _setup_page(form: CodeForm) -> ResponseReturnValue:
    secret = _waiting_secret()
    address = totp.address(secret, current_user.email)
    return web.page(
        "signin/two-step-setup.html",
        form=form,
        secret=secret,
        address=address,
        picture=totp.picture(address),
        is_needed=personnel.must_have_a_factor(current_user) and not personnel.has_factor(current_user),
    )


def _waiting_secret() -> str:
    """The same one while the page is looked at again; two tabs that ask at once get the same too."""
    if secret := second_step.waiting_secret(current_user):
        return secret
    with writing():
        db.session.commit()
        try:
            secret = second_step.waiting_secret(current_user) or second_step.begin(current_user)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            secret = second_step.waiting_secret(current_user) or ""
    return secret


def _codes_just_made() -> list[str]:
    if request.method == "HEAD":  # who asks for the head of a page alone sees no codes, and takes none away
        return []
    with writing():
        db.session.commit()
        made = second_step.codes_to_show(current_user)
        db.session.commit()
    return made


def _next() -> str | None:
    return web.safe_next(request.args.get("next"))
