"""Leaving: the rehearsal, the days of grace, changing one's mind, and the public status of an erasure."""

from flask import Blueprint, abort, flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.service import other_members
from portal.core import web
from portal.core.access import also_while_closing, public, signed_in
from portal.core.database import db
from portal.core.throttle import throttled
from portal.erasure import provider_deletion, receipts, residue, service
from portal.erasure.forms import CloseForm, SoonerForm, UndoForm
from portal.erasure.models import Closing, ProviderDeletion, Scope
from portal.erasure.rehearsal import rehearse, side_by_side
from portal.extensions import csrf, settings
from portal.signin.proof import fresh_proof

bp = Blueprint("erasure", __name__)


@bp.route("/close-account", methods=["GET", "POST"])
@signed_in
@also_while_closing
def close_account() -> ResponseReturnValue:
    closing = service.current(current_user)
    if closing is not None:
        return _already(closing)
    return _close() if request.method == "POST" else _rehearsal(CloseForm())


def _already(closing: Closing) -> ResponseReturnValue:
    if request.method == "POST":
        flash(_("Your account is closing already. Nothing was changed."), "info")
        return web.see_other("erasure.close_account")
    return web.page(
        "erasure/closing.html",
        closing=closing,
        standing=service.standing(closing),
        total_days=(closing.erase_at - closing.closed_at).days,
        may_undo=service.may_undo(current_user, closing),
    )


def _rehearsal(form: CloseForm) -> ResponseReturnValue:
    scopes = service.scopes(current_user)
    if form.scope.data is None:
        form.scope.data = scopes[0].value
    rehearsed = [rehearse(current_user, scope) for scope in scopes]
    return web.page(
        "erasure/close-account.html",
        form=form,
        rehearsals=rehearsed,
        rows=side_by_side(rehearsed),
        others=other_members(current_user),
        must_stay=service.must_stay(current_user),
        days=settings().retention_days,
        is_embedded=residue.is_embedded(),
    )


@fresh_proof
def _close() -> ResponseReturnValue:
    form = CloseForm()
    if not form.validate_on_submit():
        return _rehearsal(form)
    try:
        closing = service.close(current_user, Scope(form.scope.data), form.reason.data or "")
    except service.NotYours:
        abort(403)
    except service.AlreadyClosing:
        db.session.rollback()
        flash(_("Your account is closing already. Nothing was changed."), "info")
        return web.see_other("erasure.close_account")
    except service.LastAdmin:
        form.scope.errors = [
            _("You are the last Admin User. Hand over to somebody else first, or close the whole customer.")
        ]
        return _rehearsal(form)
    except service.SmartosStays:
        form.scope.errors = [_("Smartos itself stays: its last Admin User cannot leave, and it cannot be closed here.")]
        return _rehearsal(form)
    db.session.commit()
    days = service.days_left(closing.erase_at)
    flash(_("Your account is closing. You can undo this for %(days)d days.", days=days), "good")
    return web.see_other("erasure.close_account")


@bp.post("/close-account/undo")
@signed_in
@also_while_closing
def undo() -> ResponseReturnValue:
    try:
        service.undo(current_user)
    except service.NotClosing:
        flash(_("Your account is not closing. Nothing had to be undone."), "info")
        return web.see_other("erasure.close_account")
    except service.NotYours:
        abort(403)
    except service.TooLate:
        return web.page("erasure/too-late.html", status=410)
    db.session.commit()
    flash(_("Undone. Everything stays as it was."), "good")
    return web.see_other("pages.overview")


@bp.route("/close-account/undo/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@also_while_closing
@throttled("undo-closing", limit=60, seconds=3600)
def undo_by_link(token: str) -> ResponseReturnValue:
    found = service.by_link(token)
    user, closing = found or (None, None)
    if user is None or closing is None:
        return web.page("erasure/link-over.html", status=404)
    form = UndoForm()
    if not form.validate_on_submit():
        days_left = service.days_left(closing.erase_at)
        return web.page("erasure/undo-by-link.html", form=form, closing=closing, days_left=days_left)
    try:
        service.undo(user)
    except (service.NotClosing, service.NotYours):
        return web.page("erasure/link-over.html", status=404)
    except service.TooLate:
        return web.page("erasure/too-late.html", status=410)
    db.session.commit()
    flash(_("Undone. Everything stays as it was."), "good")
    return web.see_other("pages.home")


@bp.route("/close-account/sooner", methods=["GET", "POST"])
@signed_in
@also_while_closing
@fresh_proof
def sooner() -> ResponseReturnValue:
    closing = service.current(current_user)
    if closing is None:
        return web.see_other("erasure.close_account")
    form = SoonerForm()
    if not form.validate_on_submit():
        return web.page("erasure/sooner.html", form=form, closing=closing)
    try:
        service.hasten(current_user)
    except service.NotYours:
        abort(403)
    except (service.TooLate, service.NotClosing):
        return web.page("erasure/too-late.html", status=410)
    db.session.commit()
    return web.see_other("erasure.data_deletion", code=closing.code)


@bp.get("/data-deletion/<code>")
@public
def data_deletion(code: str) -> ResponseReturnValue:
    """Where an erasure stands, for whoever has its code; holds no personal data."""
    closing = service.by_code(code)
    if closing is None:
        return _provider_deletion(provider_deletion.by_code(code) or abort(404))
    standing = service.standing(closing)
    if web.wants_json():
        return jsonify(state=standing.state, days_left=standing.days_left, counts=closing.counts)
    return web.page(
        "erasure/data-deletion.html",
        closing=closing,
        standing=standing,
        lines=receipts.lines(closing),
        is_embedded=residue.is_embedded(),
    )


def _provider_deletion(deletion: ProviderDeletion) -> ResponseReturnValue:
    """What Facebook asked for; the account, if there is one, stays."""
    if web.wants_json():
        return jsonify(state=deletion.state, days_left=0, counts=deletion.counts)
    return web.page("erasure/provider-deletion.html", deletion=deletion, is_embedded=residue.is_embedded())


@bp.get("/receipts/<code>")
@public
def receipt(code: str) -> ResponseReturnValue:
    """The line of the ledger in full, with its signature: proof of the erasure without any personal data."""
    entry = receipts.entry(service.by_code(code) or abort(404)) or abort(404)
    if web.wants_json():
        return receipt_json(code)
    return web.page("erasure/receipt.html", code=code, entry=entry, is_embedded=residue.is_embedded())


@bp.get("/receipts/<code>.json")
@public
def receipt_json(code: str) -> ResponseReturnValue:
    """The receipt for programs: exactly what is signed, and the public key that it is checked with."""
    closing = service.by_code(code) or abort(404)
    return jsonify(receipts.document(closing) or abort(404))


@bp.get("/receipts/keys")
@public
def receipt_keys() -> ResponseReturnValue:
    """The public keys that receipts are checked with (JWK Set, RFC 7517, 5)."""
    return jsonify(keys=receipts.public_keys())
