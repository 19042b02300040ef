"""Beside the clauses about consent: how each of a person's consents stands, and since when."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from flask import g
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.consents import standing
from portal.consents.models import PURPOSE_NAMES
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.consents.standing import Standing
from portal.core.living import ClauseControl, Said

BEYOND_ESSENTIAL = (ConsentPurpose.MEASUREMENT, ConsentPurpose.PERSONALISATION)


def _standing(user: Any) -> Standing:
    """One statement for all clauses of a page."""
    if "living_consents" not in g:
        g.living_consents = standing.of(user.id)
    return cast(Standing, g.living_consents)


def _of(*purposes: ConsentPurpose) -> Callable[[Any], Sequence[Said]]:
    return lambda user: [_said(purpose, _standing(user)) for purpose in purposes]


def _said(purpose: ConsentPurpose, known: Standing) -> Said:
    entry, name = known.get(purpose), PURPOSE_NAMES[purpose]
    if entry is None:
        return Said(_("%(what)s: off", what=name))
    day = format_date(entry.at, "long")
    if entry.granted:
        return Said(_("%(what)s: on since %(day)s", what=name, day=day), is_on=True)
    return Said(_("%(what)s: off since %(day)s", what=name, day=day))


def _cookies(user: Any) -> Sequence[Said]:
    return [Said(_("Essential cookies: always")), *_of(*BEYOND_ESSENTIAL)(user)]


def _given(user: Any) -> Sequence[Said]:
    count = sum(entry.granted for entry in _standing(user).values())
    words = ngettext("%(num)d consent is given now", "%(num)d consents are given now", count)
    return [Said(words, is_on=count > 0)]


CONTROLS = (
    ClauseControl("4.4", _l("What needs your consent"), "consents.index", _of(*BEYOND_ESSENTIAL)),
    ClauseControl("4.5", _l("Marketing mail"), "consents.index", _of(*MARKETING)),
    ClauseControl("5.2", _l("Your choice about cookies"), "cookies.cookies", _cookies),
    ClauseControl("6.1", _l("Your location"), "consents.index", _of(ConsentPurpose.LOCATION)),
    ClauseControl("9.3", _l("Your consents"), "consents.index", _given),
)
