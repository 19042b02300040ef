"""Pages of a person's exports: ask, watch, download, cancel, throw away. They stay open while closing."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import also_while_closing, signed_in
from portal.core.categories import CATEGORY_WORDS, Category
from portal.core.database import db, writing
from portal.core.features import Feature
from portal.core.mistakes import answer
from portal.exports import contents, download, service
from portal.exports.forms import ExportForm
from portal.exports.models import (
    KEPT,
    OPEN_FOR,
    SCOPE_WORDS,
    STATE_TONES,
    STATE_WORDS,
    Export,
    ExportState,
    Scope,
)
from portal.signin import sessions
from portal.storage.keys import KeyForgotten
from portal.storage.place import Missing

bp = Blueprint("exports", __name__)


@bp.route("/exports", methods=["GET", "POST"])
@signed_in
@also_while_closing
def index() -> ResponseReturnValue:
    """A person's exports, and the form for another one."""
    form = ExportForm()
    form.offer(_offered())
    if not form.validate_on_submit():
        return _list(form)
    scope = Scope(form.scope.data)
    if scope == Scope.CUSTOMER and not current_user.may(Feature.CUSTOMER_EXPORT):
        abort(403)
    categories = [Category(name) for name in form.categories.data or ()]
    return _request(form, scope, categories)


def _request(form: ExportForm, scope: Scope, categories: list[Category]) -> ResponseReturnValue:
    files = bool(form.include_files.data)
    try:
        export = service.request(current_user, scope=scope, categories=categories, include_files=files)
    except service.UnderWay as found:
        flash(_("A copy is already being prepared. Here is how far it is."), "info")
        return web.see_other("exports.show", export_id=found.export_id)
    except service.TooLate:
        form.form_errors.append(_("The time of this account is over, and it is being erased."))
        return _list(form)
    db.session.commit()
    flash(_("We are preparing your copy. A letter tells you when it is ready."), "good")
    return web.see_other("exports.show", export_id=export.id)


def _list(form: ExportForm) -> Response:
    return web.page(
        "exports/list.html",
        form=form,
        exports=service.of(current_user),
        may_export_customer=current_user.may(Feature.CUSTOMER_EXPORT) and not _is_alone(),
        has_files=bool(current_app.extensions["export_sources"]),
        kept_days=KEPT.days,
        **_words(),
    )


def _offered() -> list[Category]:
    return contents.offered(current_app.extensions["datamap"])


def _is_alone() -> bool:
    return bool(current_user.customer.kind == "individual")


def _words() -> dict[str, Any]:
    return {"state_words": STATE_WORDS, "state_tones": STATE_TONES, "scope_words": SCOPE_WORDS}


@bp.get("/exports/<uuid:export_id>")
@signed_in
def show(export_id: UUID) -> ResponseReturnValue:
    """How far one export is; JSON for who asks for it."""
    export = _mine(export_id)
    if web.wants_json():
        facts = jsonify(state=_state(export), done=export.done, total=export.total, bytes=export.bytes)
        facts.vary.add("Accept")
        return facts
    page = web.page(
        "exports/show.html",
        export=export,
        state=_state(export),
        starts="start" in request.args and export.is_ready and sessions.is_proven(current_user.sign_in),
        categories=[CATEGORY_WORDS[c] for c in _offered() if c in export.categories],
        open_hours=int(OPEN_FOR.total_seconds()) // 3600,
        **_words(),
    )
    page.vary.add("Accept")
    return page


def _state(export: Export) -> ExportState:
    """As the person should read it: an archive whose time is over has expired, sweep or not."""
    if export.state == ExportState.READY and not export.is_ready:
        return ExportState.EXPIRED
    return export.state


@bp.get("/exports/<uuid:export_id>/download")
@signed_in
def archive(export_id: UUID) -> ResponseReturnValue:
    """The archive, after a fresh proof; once opened, any part of it for 24 hours in this session."""
    export = _mine(export_id)
    if export.scope == Scope.CUSTOMER and not current_user.may(Feature.CUSTOMER_EXPORT):
        abort(403)
    if not export.is_ready:
        return _not_here()
    if not service.is_open(export, sign_in_id=current_user.sign_in.id):
        if not sessions.is_proven(current_user.sign_in):
            return _ask_who_is_there(export)
        if request.method == "GET":
            _open(export)
    try:
        return download.response(export, current_user)
    except (Missing, KeyForgotten):  # erased between the page and the click
        return _not_here()


def _ask_who_is_there(export: Export) -> Response:
    """Ask for a fresh proof. A browser's window then comes back to the page, which starts the download."""
    is_window = request.headers.get("Sec-Fetch-Dest") == "document"
    page = url_for("exports.show", export_id=export.id, start=1)
    back = page if is_window else url_for("exports.archive", export_id=export.id)
    return redirect(url_for("proof.confirm_identity", next=back), 303)  # type: ignore[return-value]


def _open(export: Export) -> None:
    db.session.commit()
    with writing():
        service.open_download(export, by=current_user, sign_in_id=current_user.sign_in.id)
        db.session.commit()


def _not_here() -> Response:
    text = _("It is not ready yet, or it is no longer kept. You can ask for a new copy at any time.")
    return answer(404, title=_("This copy is not here"), text=text)


@bp.post("/exports/<uuid:export_id>/cancel")
@signed_in
@also_while_closing
def cancel(export_id: UUID) -> ResponseReturnValue:
    """Stop an export that is not ready yet."""
    export = _mine(export_id, for_update=True)
    try:
        service.cancel(export, by=current_user)
    except service.NotUnderWay:
        flash(_("There was nothing left to cancel."), "info")
    else:
        db.session.commit()
        flash(_("Cancelled. Nothing of it is kept."), "good")
    return web.see_other("exports.show", export_id=export.id)


@bp.post("/exports/<uuid:export_id>/delete")
@signed_in
@also_while_closing
def delete(export_id: UUID) -> ResponseReturnValue:
    """Throw an export away before its time is over."""
    export = _mine(export_id, for_update=True)
    try:
        service.delete(export, by=current_user)
    except service.UnderWay:
        flash(_("This copy is still being prepared. Cancel it first."), "info")
        return web.see_other("exports.show", export_id=export.id)
    db.session.commit()
    flash(_("The copy is deleted."), "good")
    return web.see_other("exports.index")


def _mine(export_id: UUID, *, for_update: bool = False) -> Export:
    export = service.find(current_user, export_id, for_update=for_update)
    if export is None:
        abort(404)
    return export
