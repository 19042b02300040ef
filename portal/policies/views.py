"""The documents, their history and what changed: public, and without any cookie (clauses 1.2, 12.1, 12.2)."""

from collections.abc import Callable

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from portal.core import web
from portal.core.access import public
from portal.core.language import LOCALES
from portal.policies import continued_use, living, showing, versions
from portal.policies.emails import PAGES
from portal.policies.forms import CompareForm
from portal.policies.models import KIND_WORDS, PolicyKind, PolicyText, PolicyVersion

bp = Blueprint("policies", __name__)
bp.after_app_request(continued_use.note_use)

PATHS = {PolicyKind.PRIVACY: "/privacy-policy", PolicyKind.TERMS: "/terms"}


@public
def current(kind: PolicyKind) -> ResponseReturnValue:
    """The version in force; before the first one is published, a page that says so."""
    version = versions.in_force(kind)
    if version is None:
        return web.page("policies/none-yet.html", status=404, kind=kind, names=KIND_WORDS)
    return _reading(version, is_in_force=True, is_living=kind == PolicyKind.PRIVACY)


@public
def history(kind: PolicyKind) -> ResponseReturnValue:
    """All published versions with their days, the newest first."""
    return web.page(
        "policies/versions.html",
        kind=kind,
        names=KIND_WORDS,
        pages=PAGES,
        versions=versions.published(kind),
        current=versions.in_force(kind),
    )


@public
def one_version(kind: PolicyKind, number: int) -> ResponseReturnValue:
    """One published version, whether or not it is in force."""
    version = versions.find(kind, number)
    if version is None or not version.is_published:
        abort(404)
    now = versions.in_force(kind)
    return _reading(version, is_in_force=now is not None and now.id == version.id)


def _reading(version: PolicyVersion, *, is_in_force: bool, is_living: bool = False) -> ResponseReturnValue:
    text = text_for_reader(version)
    return web.page(
        "policies/read.html",
        version=version,
        articles=showing.articles(text),
        is_in_force=is_in_force,
        beside=living.beside(text, current_user) if is_living else {},
        names=KIND_WORDS,
        pages=PAGES,
    )


def text_for_reader(version: PolicyVersion) -> PolicyText:
    """The text in the reader's language; of a draft, what there is."""
    locale = str(get_locale())
    others = [other for other in LOCALES if other != locale]
    found = next((text for name in (locale, *others) if (text := version.text(name))), None)
    return found or abort(404)


@public
def compare(kind: PolicyKind) -> ResponseReturnValue:
    """Any two published versions side by side in one text; left out, the newest against the one before."""
    known = versions.published(kind)
    after = _chosen(known, "to", default=0)
    before = _chosen(known, "from", default=min(known.index(after) + 1, len(known) - 1))
    shown, counted = showing.changes(text_for_reader(before), text_for_reader(after))
    form = CompareForm(formdata=None, data={"before": before.number, "after": after.number})
    form.offer(known)
    return web.page(
        "policies/compare.html",
        kind=kind,
        before=before,
        after=after,
        changes=shown,
        counted=counted,
        choice=form,
        names=KIND_WORDS,
        pages=PAGES,
    )


def _chosen(known: list[PolicyVersion], name: str, *, default: int) -> PolicyVersion:
    if not known:
        abort(404)
    given = request.args.get(name)
    if given is None:
        return known[default]
    return next((version for version in known if str(version.number) == given), None) or abort(404)


def _connect(kind: PolicyKind, suffix: str, ending: str, view: Callable[..., ResponseReturnValue]) -> None:
    bp.add_url_rule(PATHS[kind] + suffix, PAGES[kind].removeprefix("policies.") + ending, view, defaults={"kind": kind})


for _kind in PolicyKind:
    _connect(_kind, "", "", current)
    _connect(_kind, "/versions", "_versions", history)
    _connect(_kind, "/versions/<int:number>", "_version", one_version)
    _connect(_kind, "/compare", "_compare", compare)
