"""The policy officer's desk: drafts, previews, comparison with what is in force, publishing."""

from typing import Any

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.routing import BaseConverter

from portal.core import web
from portal.core.access import requires
from portal.core.database import db
from portal.core.features import Feature
from portal.core.language import LANGUAGE_NAMES, LOCALES
from portal.notices import service as notices
from portal.notices.composing import audience
from portal.notices.models import Notice, NoticeState
from portal.policies import preview, service, showing, versions
from portal.policies.clauses import TextRefused
from portal.policies.emails import PAGES
from portal.policies.forms import DraftForm, PublishForm
from portal.policies.models import KIND_WORDS, SEVERITY_WORDS, STATE_WORDS, PolicyKind, PolicyVersion
from portal.policies.views import text_for_reader
from portal.policies.words import why_refused

bp = Blueprint("policy_desk", __name__, url_prefix="/staff/policies")

WORDS: dict[str, Any] = {
    "names": KIND_WORDS,
    "states": STATE_WORDS,
    "severities": SEVERITY_WORDS,
    "languages": LANGUAGE_NAMES,
    "pages": PAGES,
}


class KindConverter(BaseConverter):
    """`privacy` or `terms` in an address; anything else is not there."""

    regex = "|".join(kind.value for kind in PolicyKind)

    def to_python(self, value: str) -> PolicyKind:
        return PolicyKind(value)


@bp.record_once
def _know_kinds(state: object) -> None:
    state.app.url_map.converters["policy_kind"] = KindConverter  # type: ignore[attr-defined]


@bp.get("")
@requires(Feature.POLICIES)
def index() -> ResponseReturnValue:
    """Both documents with all their versions."""
    documents = [(kind, versions.every(kind), versions.in_force(kind)) for kind in PolicyKind]
    return web.page("policies/staff-list.html", documents=documents, **WORDS)


@bp.route("/new", methods=["GET", "POST"])
@requires(Feature.POLICIES)
def new() -> ResponseReturnValue:
    """A text in one language, for a new draft or one that is there."""
    form = DraftForm(data=_asked_for())
    form.offer([version for kind in PolicyKind for version in versions.every(kind) if not version.is_published])
    if not form.validate_on_submit():
        return web.page("policies/staff-new.html", form=form)
    kind, locale = PolicyKind(form.kind.data), form.locale.data
    try:
        version = service.draft(kind, locale, form.content(), number=form.draft_number)
    except TextRefused as refusal:
        form.blame(why_refused(refusal))
        return web.page("policies/staff-new.html", form=form)
    db.session.commit()
    flash(_("The text is kept as a draft. Please read it here as everyone would."), "success")
    return web.see_other(".show", kind=kind, number=version.number, text=locale)


def _asked_for() -> dict[str, str]:
    """What the link to this form already knows."""
    known = {name: request.args.get(name, "") for name in ("kind", "locale", "number")}
    return {"kind": PolicyKind.PRIVACY.value, "locale": LOCALES[0], **{k: v for k, v in known.items() if v}}


@bp.get("/<policy_kind:kind>/<int:number>")
@requires(Feature.POLICIES)
def show(kind: PolicyKind, number: int) -> ResponseReturnValue:
    """A version as everyone sees it or will see it, in either language."""
    version = _one(kind, number)
    wanted = request.args.get("text", "")
    text = version.text(wanted) or text_for_reader(version)
    return web.page(
        "policies/staff-show.html",
        version=version,
        text=text,
        articles=showing.articles(text),
        missing=[locale for locale in LOCALES if version.text(locale) is None],
        current=versions.in_force(kind),
        notice=_notice_of(version),
        **WORDS,
    )


@bp.get("/<policy_kind:kind>/<int:number>/compare")
@requires(Feature.POLICIES)
def compare(kind: PolicyKind, number: int) -> ResponseReturnValue:
    """A draft against what is in force."""
    version, now = _one(kind, number), versions.in_force(kind)
    text = version.text(request.args.get("text", "")) or text_for_reader(version)
    before = now.text(text.locale) if now else None
    if now is None or before is None:
        abort(404)
    shown, counted = showing.changes(before, text)
    return web.page(
        "policies/staff-compare.html",
        version=version, before=now, text=text, changes=shown, counted=counted, **WORDS,
    )  # fmt: skip


@bp.route("/<policy_kind:kind>/<int:number>/publish", methods=["GET", "POST"])
@requires(Feature.POLICIES)
def publish(kind: PolicyKind, number: int) -> ResponseReturnValue:
    """Minor or major, from when, and what to tell people."""
    version, form = _one(kind, number), PublishForm()
    if not form.validate_on_submit() or form.preview.data:
        return _publish_page(version, form)
    try:
        notice = service.publish(version, form.publication(), by=current_user)
    except service.AlreadyPublished:
        db.session.rollback()
        flash(_("This version is published already. Nothing was sent a second time."), "info")
        return web.see_other(".show", kind=kind, number=number)
    except service.LanguageMissing:
        form.form_errors.append(_("A version is published in both languages. Please add the other one first."))
        return _publish_page(version, form)
    except service.LaterIsPublished:
        form.form_errors.append(_("A later version is published already, so this one would never come into force."))
        return _publish_page(version, form)
    db.session.commit()
    flash(_told(notice), "success")
    return web.see_other(".show", kind=kind, number=number)


def _publish_page(version: PolicyVersion, form: PublishForm) -> ResponseReturnValue:
    missing = [locale for locale in LOCALES if version.text(locale) is None]
    is_ready = not missing and not version.is_published
    return web.page(
        "policies/staff-publish.html",
        form=form,
        version=version,
        missing=missing,
        audience=audience.size(),
        alone_up_to=notices.ALONE_UP_TO,
        previews=preview.of(version, form.as_major(), reader=current_user) if is_ready else [],
        **WORDS,
    )


def _told(notice: Notice | None) -> str:
    if notice is None:
        return _("Published. Minor changes are listed in the history; no letters are sent.")
    if notice.state == NoticeState.AWAITING_APPROVAL:
        return _("Published. The letters wait for approval before they go out.")
    return _("Published. Everyone is being told by e-mail.")


def _one(kind: PolicyKind, number: int) -> PolicyVersion:
    return versions.find(kind, number) or abort(404)


def _notice_of(version: PolicyVersion) -> Notice | None:
    return db.session.scalar(db.select(Notice).where(Notice.policy_version_id == version.id))
