"""The living policy: beside a clause of the version in force, the control that keeps it, and how it stands for you."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import LazyString, format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.core.database import db
from portal.core.living import ClauseControl, Said
from portal.policies.models import PolicyAcceptance, PolicyKind, PolicyText
from portal.policies.subjects import with_subject


@dataclass(frozen=True)
class ShownControl:
    """A control beside its clause; without `states` nobody is signed in."""

    label: LazyString
    href: str
    states: Sequence[Said]


Beside = dict[str, list[ShownControl]]


def beside(text: PolicyText, user: Any) -> Beside:
    """By clause number the controls to show; only where the clause is about what its number means in our own text."""
    controls: Iterable[ClauseControl] = current_app.extensions["living"]
    known = with_subject(PolicyKind.PRIVACY, text.clauses)
    found: Beside = {}
    for control in controls:
        number = _place(control.clause, known)
        if number is not None:
            found.setdefault(number, []).append(_shown(control, user))
    return found


def _place(clause: str, known: set[str]) -> str | None:
    """The clause itself, or the article where a text has no such sub-clause."""
    article = clause.partition(".")[0]
    return next((number for number in (clause, article) if number in known), None)


def _shown(control: ClauseControl, user: Any) -> ShownControl:
    states = control.state(user) if user.is_authenticated else ()
    return ShownControl(control.label, url_for(control.endpoint), states)


def _bound_by(user: Any) -> Sequence[Said]:
    bound = db.session.scalar(
        select(PolicyAcceptance)
        .where(PolicyAcceptance.user_id == user.id, PolicyAcceptance.kind == PolicyKind.PRIVACY)
        .order_by(PolicyAcceptance.number.desc())
        .limit(1)
    )
    if bound is None:
        return [Said(_("No version binds you yet"))]
    day = format_date(bound.at, "long")
    return [Said(_("You are bound by version %(number)d since %(day)s", number=bound.number, day=day), is_on=True)]


CONTROLS = (ClauseControl("12.4", _l("What binds you"), "policies.privacy_policy_versions", _bound_by),)
