"""Where people of Smartos write to many: drafts, previews, tests to oneself, the last look before letters go."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from portal.accounts.models import PRODUCT_NAMES
from portal.consents.models import PURPOSE_NAMES
from portal.core import web
from portal.core.access import must_hold, requires
from portal.core.database import db
from portal.core.features import Feature
from portal.core.language import LANGUAGE_NAMES, LOCALES
from portal.notices import service
from portal.notices.composing import approval, audience, drafts, letters, written
from portal.notices.composing.forms import CampaignForm, NoticeForm, SendForm, values
from portal.notices.models import Notice, NoticeKind, NoticeState, NoticeText

bp = Blueprint("drafting", __name__, url_prefix="/staff")

LETTER_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
WITH_LETTERS = f"{web.CSP}; frame-src 'self'"
"""A page that shows letters frames them, each in a sandbox of its own."""

WORDS: dict[str, Any] = {"languages": LANGUAGE_NAMES, "products": PRODUCT_NAMES, "purposes": PURPOSE_NAMES}


@bp.route("/notices/new", methods=["GET", "POST"])
@requires(Feature.NOTICES)
def new_notice() -> ResponseReturnValue:
    """A service notice: system changes, technical issues (clause 4.6)."""
    return _new(NoticeKind.SERVICE, NoticeForm())


@bp.route("/campaigns/new", methods=["GET", "POST"])
@requires(Feature.CAMPAIGNS)
def new_campaign() -> ResponseReturnValue:
    """A campaign of one kind of advertising (clause 4.5)."""
    return _new(NoticeKind.CAMPAIGN, CampaignForm())


def _new(kind: NoticeKind, form: NoticeForm) -> ResponseReturnValue:
    form.offer(audience.packages())
    if not form.validate_on_submit():
        return _form_page(kind, form)
    notice = drafts.begin(kind, form.content(), by=current_user)
    db.session.commit()
    return _kept(notice)


@bp.route("/notices/<uuid:notice_id>/edit", methods=["GET", "POST"])
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def edit(notice_id: UUID) -> ResponseReturnValue:
    """Change a draft. Who saves what somebody else changed meanwhile is told, and nothing is lost."""
    notice = _one(notice_id, hold=request.method == "POST")
    if notice.state != NoticeState.DRAFT:
        return _moved_on(notice)
    form_of = CampaignForm if notice.kind == NoticeKind.CAMPAIGN else NoticeForm
    now = drafts.content(notice)
    form = form_of(data=values(now))
    form.offer(audience.packages())
    if not form.validate_on_submit():
        return _form_page(notice.kind, form, notice)
    try:
        drafts.change(notice, form.content(), seen=form.version.data or "", by=current_user)
    except service.NotPossible:
        return _moved_on(notice)
    except drafts.ChangedMeanwhile:
        form.version.data = now.digest
        return _form_page(notice.kind, form, notice, changed_meanwhile=True, status=409)
    db.session.commit()
    return _kept(notice)


def _form_page(
    kind: NoticeKind, form: NoticeForm, notice: Notice | None = None, *, changed_meanwhile: bool = False, **more: Any
) -> Response:
    back = url_for("notices.show", notice_id=notice.id) if notice else url_for(_list_of(kind))
    return web.page(
        "notices/edit.html",
        form=form, kind=kind, notice=notice, back=back, changed_meanwhile=changed_meanwhile, **more,
    )  # fmt: skip


def _list_of(kind: NoticeKind) -> str:
    return "campaigns.index" if kind == NoticeKind.CAMPAIGN else "notices.index"


def _kept(notice: Notice) -> Response:
    flash(_("The draft is kept. Please read it here as people will get it."), "success")
    return web.see_other("notices.show", notice_id=notice.id)


def _moved_on(notice: Notice) -> Response:
    flash(_("This is no draft any more, so it cannot be changed."), "info")
    return web.see_other("notices.show", notice_id=notice.id)


@bp.post("/notices/<uuid:notice_id>/discard")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def discard(notice_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    notice = _one(notice_id, hold=True)
    try:
        drafts.discard(notice, by=current_user)
    except service.NotPossible:
        return _moved_on(notice)
    db.session.commit()
    flash(_("The draft is gone."), "success")
    return web.see_other(_list_of(notice.kind))


@bp.get("/notices/<uuid:notice_id>/letter/<locale>")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def letter(notice_id: UUID, locale: str) -> ResponseReturnValue:
    """The HTML of the letter as it is sent, made out to who looks, in a sandbox."""
    notice = _one(notice_id)
    text = drafts.texts(notice).get(locale)
    if text is None or not text.html:
        abort(404)
    response = make_response(letters.for_one(notice, text, current_user)[2])
    response.headers["Content-Security-Policy"] = LETTER_CSP
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@bp.post("/notices/<uuid:notice_id>/test")
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def test(notice_id: UUID) -> ResponseReturnValue:
    """A real letter to oneself, in each language that is there."""
    notice = _one(notice_id)
    if notice.state != NoticeState.DRAFT:
        return _moved_on(notice)
    sent = drafts.write_tests(notice, to=current_user)
    db.session.commit()
    if not sent:
        flash(_("There is nothing to send yet: neither language is complete."), "error")
    else:
        words = ngettext("A test is on its way to you.", "%(num)d tests are on their way to you.", len(sent))
        flash(words, "success")
    return web.see_other("notices.show", notice_id=notice.id)


@bp.route("/notices/<uuid:notice_id>/send", methods=["GET", "POST"])
@requires(Feature.NOTICES, Feature.CAMPAIGNS)
def send(notice_id: UUID) -> ResponseReturnValue:
    """How many it reaches and who must agree; then the letters go, or wait for a second person."""
    notice = _one(notice_id, hold=request.method == "POST")
    if notice.state != NoticeState.DRAFT:
        return _moved_on(notice)
    now = drafts.content(notice).digest
    form = SendForm(data={"version": now})
    if not form.validate_on_submit():
        return _send_page(notice, form)
    try:
        drafts.send(notice, seen=form.version.data or "", by=current_user)
    except (drafts.NotWhole, drafts.NobodyThere, service.NobodyToReach):
        db.session.rollback()
        return _send_page(notice, form, status=422)
    except drafts.ChangedMeanwhile:
        form.version.data = now
        form.form_errors.append(_("Somebody changed this draft after you opened the page. Please read it once more."))
        return _send_page(notice, form, status=409)
    db.session.commit()
    flash(_told(notice), "success")
    return web.see_other("notices.show", notice_id=notice.id)


def _send_page(notice: Notice, form: SendForm, **more: Any) -> Response:
    texts = drafts.texts(notice)
    response = web.page(
        "notices/send.html",
        form=form,
        notice=notice,
        missing=drafts.missing(texts),
        size=audience.foresee(notice),
        alone_up_to=approval.ALONE_UP_TO,
        has_second=approval.can_anyone(notice),
        **reading(notice, texts),
        **more,
    )
    return framing(response)


def _told(notice: Notice) -> str:
    if notice.state == NoticeState.AWAITING_APPROVAL:
        return _("Submitted. The letters wait for approval before they go out.")
    return _("The letters are going out.")


def _one(notice_id: UUID, *, hold: bool = False) -> Notice:
    notice = (service.locked(notice_id) if hold else db.session.get(Notice, notice_id)) or abort(404)
    must_hold(audience.FEATURES[notice.kind])
    return notice


def framing(response: Response) -> Response:
    """A page that shows letters."""
    response.headers["Content-Security-Policy"] = WITH_LETTERS
    return response


def reading(notice: Notice, texts: dict[str, NoticeText]) -> dict[str, Any]:
    """What a page needs to show the letter of both languages as it is sent, made out to who looks."""
    whole = [texts[locale] for locale in LOCALES if locale in texts and texts[locale].html]
    shown = [(text.locale, *letters.for_one(notice, text, current_user)[:2]) for text in whole]
    link = next((text.link for text in texts.values() if text.link), "")
    return {"shown": shown, "link": link, "link_host": written.host_of(link) if link else None, **WORDS}
