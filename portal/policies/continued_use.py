"""Continued use after an announcement (clause 12.4; DECISIONS 19): the banner, and what counts after it was shown.

It is recorded at a person's first POST, or first page after a new sign-in, on or after the day of effect and after
the banner was rendered to them. Objecting, leaving, signing in or out, changing the language and reading the
documents are no use of the service. It is never counted as a consent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import structlog
from flask import Response, g, request, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy import and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from portal.core import clock
from portal.core.database import db, new_id, writing
from portal.core.menu import Banner
from portal.notices.inbox import reading as inbox
from portal.policies import versions
from portal.policies.emails import PAGES
from portal.policies.models import (
    KIND_WORDS,
    AcceptanceWay,
    PolicyAcceptance,
    PolicyKind,
    PolicyShown,
    PolicyVersion,
    Severity,
    VersionState,
)

log = structlog.get_logger(__name__)

NO_USE = ("signin", "erasure", "support", "policies", "inbox", "consents", "cookies")
"""Rooms in which nobody goes on using the service: getting in and out, leaving, objecting, reading."""

NO_USE_PAGES = ("pages.set_locale",)


@dataclass(frozen=True)
class Pending:
    """A major version that does not bind this person yet."""

    kind: PolicyKind
    number: int
    effective_on: date
    shown_at: datetime | None


def pending(user: Any) -> list[Pending]:
    """The newest major version of each document that `user` has not agreed to; one statement, once a request."""
    if "policies_pending" not in g:
        g.policies_pending = _find(user)
    return cast(list[Pending], g.policies_pending)


def _find(user: Any) -> list[Pending]:
    """In one statement with the unread notices, which every page shows too: that row is there without any version."""
    unread = inbox.counting(user.id)
    bound = select(PolicyAcceptance.id).where(
        PolicyAcceptance.user_id == user.id,
        PolicyAcceptance.kind == PolicyVersion.kind,
        PolicyAcceptance.number >= PolicyVersion.number,
    )
    waits = and_(
        PolicyVersion.state == VersionState.PUBLISHED,
        PolicyVersion.severity == Severity.MAJOR,
        ~bound.correlate(PolicyVersion).exists(),
    )
    shown = and_(
        PolicyShown.user_id == user.id,
        PolicyShown.kind == PolicyVersion.kind,
        PolicyShown.number == PolicyVersion.number,
    )
    columns = (PolicyVersion.kind, PolicyVersion.number, PolicyVersion.effective_on, PolicyShown.shown_at)
    rows = db.session.execute(
        select(*unread.c, *columns)
        .select_from(unread)
        .outerjoin(PolicyVersion, waits)
        .outerjoin(PolicyShown, shown)
        .order_by(PolicyVersion.number)
    ).all()
    newest = {kind: Pending(kind, number, day, shown) for *_counts, kind, number, day, shown in rows if day}
    inbox.note_unread(rows[0][:3], policy_is_told=bool(newest))
    return [newest[kind] for kind in PolicyKind if kind in newest]


def banners(user: Any) -> Sequence[Banner]:
    """What changes, from when, and the ways to object or to leave (BANNERS in app.py)."""
    found = pending(user)
    g.policies_shown = found
    return [_banner(one) for one in found]


def _banner(one: Pending) -> Banner:
    day = format_date(one.effective_on, "long")
    object_link = Markup('<a href="{}">{}</a>').format(url_for("support.contact"), _("object"))
    leave_link = Markup('<a href="{}">{}</a>').format(url_for("erasure.close_account"), _("close your account"))
    if one.effective_on > versions.day_of(clock.now()):
        words = _("%(document)s: a new version takes effect on %(day)s.", document=_named(one.kind), day=day)
    else:
        words = _(
            "%(document)s: a new version has been in effect since %(day)s.",
            document=_named(one.kind),
            day=day,
        )
    choice = _(
        "If you do not agree, you can [object] or [leave]. "
        "Going on using the service after that day means agreeing to it."
    )
    text = escape(f"{words} {choice}").replace("[object]", object_link).replace("[leave]", leave_link)
    return Banner("info", text, href=url_for(f"{PAGES[one.kind]}_compare", to=one.number), action=_("See what changes"))


def _named(kind: PolicyKind) -> str:
    return str(KIND_WORDS[kind])


def note_use(response: Response) -> Response:
    """After every request: keep that the banner was shown, and that the service went on being used."""
    if not _may_matter(response):
        return response
    try:
        _note(response)
    except OperationalError as error:  # the page is made; another request will note it
        db.session.rollback()
        log.warning("policies.use-not-noted", error=type(error.orig).__name__)
    return response


def _may_matter(response: Response) -> bool:
    if request.endpoint in (None, "static") or response.status_code >= 400:
        return False
    return ("policies_shown" in g or request.method == "POST") and current_user.is_authenticated


def _note(response: Response) -> None:
    way = _way_of_use(response)
    binding = [one for one in pending(current_user) if way and _binds(one, way)]
    is_page = response.status_code == 200 and response.mimetype == "text/html"
    unseen = [one for one in g.get("policies_shown", ()) if is_page and one.shown_at is None]
    if not binding and not unseen:
        return
    with writing():
        db.session.commit()
        for one in unseen:
            _insert(PolicyShown, one, shown_at=clock.now())
        for one in binding:
            _insert(PolicyAcceptance, one, at=clock.now(), way=way, locale=str(get_locale()))
        db.session.commit()


def _way_of_use(response: Response) -> AcceptanceWay | None:
    if request.blueprint in NO_USE or request.endpoint in NO_USE_PAGES or current_user.is_closing:
        return None
    if request.method == "POST":
        return AcceptanceWay.FIRST_POST
    is_page = request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html"
    return AcceptanceWay.FIRST_PAGE if is_page else None


def _binds(one: Pending, way: AcceptanceWay) -> bool:
    """Whether this use binds: the day has come, the banner was seen, and a mere page follows a new sign-in."""
    if one.shown_at is None or one.effective_on > versions.day_of(clock.now()):
        return False
    return way == AcceptanceWay.FIRST_POST or current_user.sign_in.started_at > one.shown_at


def _insert(model: type[PolicyShown] | type[PolicyAcceptance], one: Pending, **values: Any) -> None:
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"id": new_id(), "user_id": current_user.id, "kind": one.kind, "number": one.number, **values}
    db.session.execute(insert(model).values(row).on_conflict_do_nothing())
