"""The sendings, for whoever holds NOTICES: how far they are, and the ways to approve, pause, go on and cancel."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import User
from portal.core import web
from portal.core.access import requires
from portal.core.database import db
from portal.core.features import Feature
from portal.notices import progress, service
from portal.notices.models import NOTICE_STATE_WORDS, Notice, NoticeState, NoticeText

bp = Blueprint("notices", __name__, url_prefix="/staff/notices")

TONES = {
    NoticeState.AWAITING_APPROVAL: "warn",
    NoticeState.PAUSED: "warn",
    NoticeState.SENDING: "info",
    NoticeState.DONE: "good",
}


@bp.get("")
@requires(Feature.NOTICES)
def index() -> ResponseReturnValue:
    """Every sending, the newest first."""
    notices = progress.all_notices()
    counted = progress.counts([notice.id for notice in notices])
    return web.page("notices/list.html", notices=notices, counted=counted, subjects=_subjects(notices), **_words())


@bp.get("/<uuid:notice_id>")
@requires(Feature.NOTICES)
def show(notice_id: UUID) -> ResponseReturnValue:
    """How one sending goes; JSON for the bar that fills."""
    notice = db.session.get(Notice, notice_id) or abort(404)
    counted = progress.counts([notice.id])[notice.id]
    if web.wants_json():
        return jsonify(progress.facts(notice, counted))
    return web.page(
        "notices/show.html",
        notice=notice,
        counted=counted,
        arrival=progress.arrival(notice, counted),
        failures=progress.failures(notice.id) if counted.failed + counted.bounced else [],
        subject=_subjects([notice]).get(notice.id, ""),
        is_mine=notice.created_by_id == current_user.id,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"states": NOTICE_STATE_WORDS, "tones": TONES}


def _subjects(notices: list[Notice]) -> dict[UUID, str]:
    ids = [notice.id for notice in notices]
    rows = db.session.execute(
        db.select(NoticeText.notice_id, NoticeText.subject)
        .where(NoticeText.notice_id.in_(ids))
        .order_by(NoticeText.locale == current_user.locale)
    )
    return dict(rows.all())


@bp.post("/<uuid:notice_id>/approve")
@requires(Feature.NOTICES)
def approve(notice_id: UUID) -> ResponseReturnValue:
    """The second person's word."""
    return _step(notice_id, service.approve, _("Approved. The letters are going out."))


@bp.post("/<uuid:notice_id>/pause")
@requires(Feature.NOTICES)
def pause(notice_id: UUID) -> ResponseReturnValue:
    """Stop for now."""
    return _step(notice_id, service.pause, _("Paused. Letters under way are finished, the others wait."))


@bp.post("/<uuid:notice_id>/resume")
@requires(Feature.NOTICES)
def resume(notice_id: UUID) -> ResponseReturnValue:
    """Go on."""
    return _step(notice_id, service.resume, _("Going on where it stopped."))


@bp.post("/<uuid:notice_id>/cancel")
@requires(Feature.NOTICES)
def cancel(notice_id: UUID) -> ResponseReturnValue:
    """Stop for good."""
    return _step(notice_id, service.cancel, _("Cancelled. Nobody else gets this letter."))


def _step(notice_id: UUID, act: Callable[..., None], done: str) -> ResponseReturnValue:
    notice = service.locked(notice_id) or abort(404)
    user: User = current_user
    try:
        act(notice, by=user)
    except service.NotPossible:
        flash(_("The sending has moved on meanwhile; nothing was changed."), "info")
    except service.NeedsAnother:
        flash(_("Somebody else has to approve what you announced yourself."), "error")
    else:
        db.session.commit()
        flash(done, "success")
    return web.see_other(".show", notice_id=notice_id)
