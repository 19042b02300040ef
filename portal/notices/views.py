"""The sendings: how far they are, and the ways to approve, take back, pause, go on and cancel."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import User
from portal.core import web
from portal.core.access import must_hold, requires
from portal.core.database import db
from portal.core.features import Feature
from portal.core.language import moment
from portal.notices import failures, progress, service
from portal.notices.composing import approval, audience, drafts
from portal.notices.composing.views import framing, reading
from portal.notices.engine import canary
from portal.notices.models import NOTICE_STATE_WORDS, Notice, NoticeKind, NoticeState, NoticeText

bp = Blueprint("notices", __name__, url_prefix="/staff/notices")

TONES = {
    NoticeState.AWAITING_APPROVAL: "warn",
    NoticeState.PAUSED: "warn",
    NoticeState.CANARY: "info",
    NoticeState.SENDING: "info",
    NoticeState.DONE: "good",
}


@bp.get("")
@requires(Feature.NOTICES)
def index() -> ResponseReturnValue:
    """Notices about policies and the service, drafts too, the newest first."""
    return list_page("notices.index", [NoticeKind.POLICY, NoticeKind.SERVICE], before=request.args.get("before"))


def list_page(endpoint: str, kinds: Sequence[NoticeKind], *, before: str | None) -> Response:
    """A page of notices of these kinds; `before` is the id of the last one on the page before."""
    notices, more = progress.listed(kinds, before=_id_in(before))
    return web.page(
        "notices/list.html",
        notices=notices,
        is_campaigns=NoticeKind.CAMPAIGN in kinds,
        counted=progress.counts([notice.id for notice in notices]),
        subjects=_subjects(notices),
        next_page=url_for(endpoint, before=notices[-1].id) if more else None,
        **_words(),
    )


def _id_in(given: str | None) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        return None


@bp.get("/<uuid:notice_id>")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def show(notice_id: UUID) -> ResponseReturnValue:
    """A draft as people will get it; then how its sending goes, as JSON too for the bar that fills."""
    notice = db.session.get(Notice, notice_id) or abort(404)
    must_hold(audience.FEATURES[notice.kind])
    if notice.state == NoticeState.DRAFT and not web.wants_json():
        return _draft_page(notice)
    counted = progress.counts([notice.id])[notice.id]
    rate = progress.per_minute(notice)
    if web.wants_json():
        return jsonify(progress.facts(notice, counted, rate=rate) | {"arrival_words": _arrival(counted, rate)})
    return _progress_page(notice, counted, rate)


def _arrival(counted: progress.Counts, rate: int) -> str:
    return moment(progress.arrival(counted, rate)) or "–"


def _draft_page(notice: Notice) -> Response:
    texts = drafts.texts(notice)
    response = web.page(
        "notices/draft.html",
        notice=notice,
        subject=_subjects([notice]).get(notice.id, ""),
        missing=drafts.missing(texts),
        size=audience.foresee(notice),
        sample=audience.sample(notice),
        author=_name(notice.created_by_id),
        **_words(),
        **reading(notice, texts),
    )
    return framing(response)


def _progress_page(notice: Notice, counted: progress.Counts, rate: int) -> Response:
    has_lost = counted.failed + counted.bounced + counted.suppressed > 0
    waits = notice.state == NoticeState.AWAITING_APPROVAL
    response = web.page(
        "notices/show.html",
        notice=notice,
        counted=counted,
        rate=rate,
        arrival=_arrival(counted, rate),
        poll_every=progress.poll_milliseconds(counted),
        trial=canary.report(notice) if _has_report(notice, counted) else None,
        trial_size=canary.TRIAL,
        reasons=failures.reasons(notice.id) if has_lost else [],
        calls=failures.how_many_calls(notice.id) if has_lost and notice.kind != NoticeKind.CAMPAIGN else 0,
        subject=_subjects([notice]).get(notice.id, ""),
        may_approve=approval.may_approve(notice, current_user),
        author=_name(notice.created_by_id),
        sample=audience.sample(notice) if waits else [],
        **_words(),
        **reading(notice, drafts.texts(notice) if waits else {}),
    )
    return framing(response) if waits else response


def _has_report(notice: Notice, counted: progress.Counts) -> bool:
    """A policy notice is never held back, and what came back of it is reported all the same (DECISIONS 20)."""
    has_returned = notice.kind == NoticeKind.POLICY and counted.failed + counted.bounced > 0
    return bool(notice.canary_ends_at or notice.paused_by_itself or has_returned)


def _name(user_id: UUID | None) -> str:
    """Who it was; somebody who left is no name any more."""
    user = db.session.get(User, user_id) if user_id else None
    return user.full_name if user else _("a former member")


def _words() -> dict[str, Any]:
    return {"states": NOTICE_STATE_WORDS, "tones": TONES}


def _subjects(notices: list[Notice]) -> dict[UUID, str]:
    """What to call each: its subject in the reader's language, or else in the other one."""
    ids = [notice.id for notice in notices]
    rows = db.session.execute(
        db.select(NoticeText.notice_id, NoticeText.subject)
        .where(NoticeText.notice_id.in_(ids), NoticeText.subject != "")
        .order_by(NoticeText.locale == current_user.locale)
    )
    return {notice.id: _("(without a subject)") for notice in notices} | dict(rows.all())


@bp.post("/<uuid:notice_id>/approve")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def approve(notice_id: UUID) -> ResponseReturnValue:
    """The second person's word."""
    return _step(notice_id, service.approve, _("Approved. The letters are going out."))


@bp.post("/<uuid:notice_id>/take-back")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def take_back(notice_id: UUID) -> ResponseReturnValue:
    """Make it a draft again while it waits for approval."""
    return _step(notice_id, service.take_back, _("It is a draft again. Nobody has been written to."))


@bp.post("/<uuid:notice_id>/pause")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def pause(notice_id: UUID) -> ResponseReturnValue:
    """Stop for now."""
    return _step(notice_id, service.pause, _("Paused. Letters under way are finished, the others wait."))


@bp.post("/<uuid:notice_id>/resume")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def resume(notice_id: UUID) -> ResponseReturnValue:
    """Go on."""
    return _step(notice_id, service.resume, _("Going on where it stopped."))


@bp.post("/<uuid:notice_id>/cancel")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def cancel(notice_id: UUID) -> ResponseReturnValue:
    """Stop for good."""
    return _step(notice_id, service.cancel, _("Cancelled. Nobody else gets this letter."))


def _step(notice_id: UUID, act: Callable[..., None], done: str) -> ResponseReturnValue:
    notice = service.locked(notice_id) or abort(404)
    must_hold(audience.FEATURES[notice.kind])
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
