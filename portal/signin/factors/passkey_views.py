"""Passkeys: signing in by one, proving by one, adding, naming, removing."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import also_while_closing, public, signed_in
from portal.core.database import db
from portal.core.throttle import throttled
from portal.signin import entering, ways_in
from portal.signin.factors import passkeys, personnel
from portal.signin.factors.ceremony import Refused
from portal.signin.factors.models import Passkey
from portal.signin.factors.passkey_forms import AddForm, AnswerForm, RemoveForm, RenameForm
from portal.signin.models import Way
from portal.signin.proof import fresh_proof

bp = Blueprint("passkeys", __name__)


@bp.post("/sign-in/passkey/options")
@public
@throttled("passkey-options-ip", limit=300, seconds=600)
def sign_in_options() -> ResponseReturnValue:
    options = passkeys.ask_who()
    db.session.commit()
    return jsonify(options)


@bp.post("/sign-in/passkey")
@public
@throttled("passkey-ip", limit=100, seconds=600)
def sign_in() -> ResponseReturnValue:
    form = AnswerForm()
    try:
        user = passkeys.owner_of(form.credential.data)
    except Refused as refusal:
        db.session.commit()
        return _refused(refusal, "signin.sign_in")
    answer = entering.enter(user, Way.PASSKEY, web.visitor(), after=request.args.get("next"))
    db.session.commit()
    return answer


@bp.post("/confirm-identity/passkey/options")
@signed_in
@also_while_closing
@throttled("passkey-options-ip", limit=300, seconds=600)
def prove_options() -> ResponseReturnValue:
    options = passkeys.ask_whether(current_user)
    db.session.commit()
    return jsonify(options)


@bp.post("/confirm-identity/passkey")
@signed_in
@also_while_closing
@throttled("passkey-ip", limit=100, seconds=600)
def prove() -> ResponseReturnValue:
    form = AnswerForm()
    try:
        passkeys.prove(current_user, form.credential.data)
    except Refused as refusal:
        db.session.commit()
        return _refused(refusal, "proof.confirm_identity")
    db.session.commit()
    return redirect(web.safe_next(request.args.get("next")) or "/overview", 303)


@bp.get("/security/passkeys")
@signed_in
def index() -> ResponseReturnValue:
    kept = passkeys.of(current_user)
    is_full = len(kept) >= passkeys.MOST
    return web.page(
        "signin/passkeys.html", passkeys=kept, is_full=is_full, accepted=passkeys.accepted(current_user, kept)
    )


@bp.post("/security/passkeys/options")
@signed_in
@fresh_proof
@throttled("passkey-options-ip", limit=300, seconds=600)
def add_options() -> ResponseReturnValue:
    try:
        options = passkeys.ask_for_new(current_user)
    except Refused as refusal:
        return jsonify(error=refusal.trouble, detail=str(passkeys.WORDS[refusal.trouble])), 422
    db.session.commit()
    return jsonify(options)


@bp.route("/security/passkeys/add", methods=["GET", "POST"])
@signed_in
@fresh_proof
@throttled("passkey-ip", limit=100, seconds=600)
def add() -> ResponseReturnValue:
    form = AddForm(name=passkeys.usual_name(web.visitor()))
    if not form.validate_on_submit():
        return web.page("signin/passkeys-add.html", form=form)
    try:
        passkeys.add(current_user, form.credential.data, name=form.name.data)
    except Refused as refusal:
        db.session.commit()
        form.form_errors.append(passkeys.WORDS[refusal.trouble])
        return web.page("signin/passkeys-add.html", form=form)
    db.session.commit()
    flash(_("The passkey is added. From now on you can sign in with it alone."), "success")
    return web.see_other(".index")


@bp.route("/security/passkeys/<uuid:passkey_id>", methods=["GET", "POST"])
@signed_in
def rename(passkey_id: UUID) -> ResponseReturnValue:
    passkey = _mine(passkey_id)
    form = RenameForm(obj=passkey)
    if not form.validate_on_submit():
        return web.page("signin/passkeys-rename.html", form=form)
    passkeys.rename(passkey, form.name.data, by=current_user)
    db.session.commit()
    flash(_("The passkey has its new name."), "success")
    return web.see_other(".index")


@bp.route("/security/passkeys/<uuid:passkey_id>/remove", methods=["GET", "POST"])
@signed_in
@fresh_proof
def remove(passkey_id: UUID) -> ResponseReturnValue:
    passkey = _mine(passkey_id)
    form = RemoveForm()
    if not form.validate_on_submit():
        return _ask_whether_to_remove(form, passkey)
    try:
        passkeys.remove(passkey, by=current_user)
    except (passkeys.LastWayIn, passkeys.LastFactor):
        return _ask_whether_to_remove(form, passkey, status=422)
    db.session.commit()
    flash(_("The passkey is removed, and every other device is signed out."), "success")
    return web.see_other(".index")


def _ask_whether_to_remove(form: RemoveForm, passkey: Passkey, *, status: int = 200) -> ResponseReturnValue:
    return web.page(
        "signin/passkeys-remove.html",
        form=form,
        passkey=passkey,
        is_last=ways_in.is_last(current_user, Way.PASSKEY, passkey.id),
        is_last_factor=personnel.is_last_factor(current_user, passkey.id),
        status=status,
    )


def _mine(passkey_id: UUID) -> Passkey:
    return passkeys.one_of(current_user, passkey_id) or abort(404)


def _refused(refusal: Refused, back: str) -> Response:
    reason = passkeys.WORDS[refusal.trouble]
    return web.page("signin/passkeys-refused.html", reason=reason, back=back, status=422)
