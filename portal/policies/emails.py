"""The letter about a major change (clause 12.3): facts; the words are in templates/mail/policies/changed.*."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portal.core import web
from portal.core.language import LOCALES
from portal.notices.engine import skeleton
from portal.notices.engine.skeleton import Lines, Skeleton
from portal.policies import comparison, showing
from portal.policies.models import PolicyKind, PolicyVersion

CHANGED = "policies/changed"
PAGES = {PolicyKind.PRIVACY: "policies.privacy_policy", PolicyKind.TERMS: "policies.terms"}


@dataclass(frozen=True)
class Announced:
    """What the publisher says of a version, and from when it applies."""

    effective_on: date
    summary_vi: str = ""
    summary_en: str = ""


def changed(
    version: PolicyVersion, before: PolicyVersion | None, announced: Announced, lines: Mapping[str, Lines]
) -> dict[str, Skeleton]:
    """The letter in each language; `before` is the version that people know, if there was one.

    `lines` are what may concern a reader (for_you), of which each gets three.
    """
    return {
        locale: skeleton.compose(CHANGED, locale, _facts(version, before, announced, locale), lines[locale])
        for locale in LOCALES
    }


def _facts(
    version: PolicyVersion, before: PolicyVersion | None, announced: Announced, locale: str
) -> dict[str, object]:
    page = PAGES[version.kind]
    is_first = before is None
    return {
        "kind": version.kind.value,
        "number": version.number,
        "summary": announced.summary_vi if locale == "vi" else announced.summary_en,
        "effective_on": announced.effective_on,
        "clauses": [] if before is None else changed_clauses(before, version, locale),
        "has_comparison": not is_first,
        "comparison": (
            web.absolute_url(f"{page}_version", number=version.number)
            if before is None
            else web.absolute_url(f"{page}_compare", **{"from": before.number, "to": version.number})
        ),
        "objection": web.absolute_url("support.contact"),
        "leaving": web.absolute_url("erasure.close_account"),
    }


def changed_clauses(before: PolicyVersion, after: PolicyVersion, locale: str) -> list[str]:
    """The numbers of the clauses that differ, in the order of the new text."""
    old, new = before.text(locale), after.text(locale)
    if old is None or new is None:
        return []
    changes = comparison.compare(showing.plain(old.clauses), showing.plain(new.clauses))
    shown = [change.new or change.old for change in changes if change.kind != comparison.ChangeKind.SAME]
    return [clause.number for clause in shown if clause is not None and clause.number != "0"]
