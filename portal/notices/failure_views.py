"""Letters that did not arrive, and whom to call instead."""

import re
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core import web
from portal.core.access import must_hold, requires
from portal.core.database import db
from portal.core.features import Feature
from portal.notices import failures
from portal.notices.composing import audience
from portal.notices.composing.forms import CallsForm
from portal.notices.models import Notice, NoticeKind
from portal.signin.proof import fresh_proof

bp = Blueprint("failures", __name__, url_prefix="/staff/notices")

LARGEST_ID = 2**63 - 1
CODE = re.compile(r"[0-9.]{0,20}")


@bp.get("/<uuid:notice_id>/failures")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def index(notice_id: UUID) -> ResponseReturnValue:
    """Letters that were refused or came back: by reason, and one by one, masked."""
    notice = _one(notice_id)
    code = _code(request.args.get("reason"))
    found, more = failures.lost(notice.id, code=code, after=_after())
    older = url_for(".index", notice_id=notice.id, reason=code, after=found[-1].id) if more else None
    return web.page(
        "notices/failures.html",
        notice=notice, reasons=failures.reasons(notice.id), found=found, code=code, next_page=older,
    )  # fmt: skip


@bp.route("/<uuid:notice_id>/calls", methods=["GET", "POST"])
@requires(Feature.NOTICES)
def calls(notice_id: UUID) -> ResponseReturnValue:
    """Those whom no letter reached and who left a phone number: masked, until a reason opens this page of them."""
    notice = _one(notice_id)
    if notice.kind == NoticeKind.CAMPAIGN:
        abort(404)  # advertising by phone would need a consent of its own
    form = CallsForm()
    if not form.is_submitted():
        return _calls_page(notice, form)
    return _open(notice, form)


@fresh_proof
def _open(notice: Notice, form: CallsForm) -> ResponseReturnValue:
    if not form.validate():
        return _calls_page(notice, form)
    people, more = failures.open_calls(notice, after=_after(), by=current_user, reason=form.reason.data or "")
    db.session.commit()
    return _shown(notice, form, people, more, opened=True)


def _calls_page(notice: Notice, form: CallsForm) -> Response:
    people, more = failures.calls(notice.id, after=_after())
    return _shown(notice, form, people, more, opened=False)


def _shown(notice: Notice, form: CallsForm, people: list[failures.Call], more: bool, *, opened: bool) -> Response:
    further = url_for(".calls", notice_id=notice.id, after=people[-1].id) if more else None
    return web.page("notices/calls.html", form=form, notice=notice, people=people, opened=opened, next_page=further)


def _code(given: str | None) -> str | None:
    """The status or code asked for; whatever can be none asks for all."""
    return given if given is not None and CODE.fullmatch(given) else None


def _after() -> int:
    """After which delivery the page begins; whatever is no such number begins at the first."""
    given = request.args.get("after", "")
    return min(int(given), LARGEST_ID) if given.isascii() and given.isdigit() and len(given) < 25 else 0


def _one(notice_id: UUID) -> Notice:
    notice = db.session.get(Notice, notice_id) or abort(404)
    must_hold(audience.FEATURES[notice.kind])
    return notice
