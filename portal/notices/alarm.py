"""The line above the pages of those who can act: a sending paused by itself, as too much of it came back."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal.core.database import db
from portal.core.menu import Banner
from portal.notices.composing.audience import FEATURES
from portal.notices.models import Notice, NoticeKind, NoticeState


def banners(user: Any) -> Sequence[Banner]:
    """Until it is resumed or cancelled. No query for whoever holds no feature of notices (BANNERS in app.py)."""
    paused = _paused([kind for kind, feature in FEATURES.items() if user.may(feature)])
    if not paused:
        return ()
    text = ngettext(
        "A sending paused by itself: too many of its letters were refused or came back.",
        "%(num)d sendings paused by themselves: too many of their letters were refused or came back.",
        len(paused),
    )
    return (Banner("danger", text, _page(paused), _("See what came back")),)


def _paused(kinds: list[NoticeKind]) -> Sequence[Notice]:
    if not kinds:
        return ()
    alarming = [Notice.state == NoticeState.PAUSED, Notice.paused_by_itself, Notice.kind.in_(kinds)]
    return db.session.scalars(select(Notice).where(*alarming)).all()


def _page(paused: Sequence[Notice]) -> str:
    if len(paused) == 1:
        return url_for("notices.show", notice_id=paused[0].id)
    is_campaigns = all(notice.kind == NoticeKind.CAMPAIGN for notice in paused)
    return url_for("campaigns.index" if is_campaigns else "notices.index")
