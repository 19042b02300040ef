"""The inbox: what Smartos wrote to everyone or to many, as one person got it (clauses 4.6, 12.3)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import signed_in
from portal.core.database import db, writing
from portal.core.menu import Banner
from portal.notices.inbox import reading as inbox
from portal.notices.inbox import words as inbox_words
from portal.notices.models import DELIVERY_STATE_WORDS, LETTER_WORDS, DeliveryState

bp = Blueprint("inbox", __name__, url_prefix="/inbox")

TONES = {
    DeliveryState.SENT: "good",
    DeliveryState.POSSIBLE_DUPLICATE: "good",
    DeliveryState.BOUNCED: "warn",
    DeliveryState.FAILED: "warn",
    DeliveryState.SUPPRESSED: "warn",
}
WORDS: dict[str, Any] = {"states": DELIVERY_STATE_WORDS, "letters": LETTER_WORDS, "tones": TONES}


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    """The notices, the newest first."""
    found, has_more = inbox.entries(current_user, locale=str(get_locale()), before=_before())
    older = url_for(".index", before=found[-1].notice_id) if has_more else None
    return web.page("notices/inbox.html", entries=found, older=older, **WORDS)


def _before() -> UUID | None:
    given = request.args.get("before")
    try:
        return UUID(given) if given else None
    except ValueError:
        abort(404)


@bp.get("/<uuid:notice_id>")
@signed_in
def read(notice_id: UUID) -> ResponseReturnValue:
    """One notice in the words of its letter; opening it marks it read."""
    found = inbox.find(current_user, notice_id, locale=str(get_locale())) or abort(404)
    delivery, notice, text = found
    if delivery.read_at is None and request.method == "GET":
        with writing():
            db.session.commit()
            inbox.mark_read(delivery.id)
            db.session.commit()
    words = inbox_words.body(text, current_user, notice.purpose, concerns=delivery.concerns)
    return web.page("notices/inbox-notice.html", delivery=delivery, text=text, words=words, **WORDS)


def unread_count(user: Any) -> int:
    """For the menu."""
    return inbox.unread(user).all


def banners(user: Any) -> Sequence[Banner]:
    """Until they are read: notices about the service, and about a policy where no banner of its own tells of it."""
    if request.blueprint == bp.name:
        return ()
    waiting = inbox.unread(user)
    count = waiting.service + waiting.policy
    if not count:
        return ()
    words = ngettext("%(num)d notice waits to be read.", "%(num)d notices wait to be read.", count)
    return (Banner("info", words, url_for("inbox.index"), _("Open the inbox")),)
