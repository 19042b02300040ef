"""Beside the clauses about who gets in: devices, passkeys, the second step, linked accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask import g
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from portal.core import clock
from portal.core.database import db
from portal.core.living import ClauseControl, Said
from portal.signin import sessions
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.models import SignIn
from portal.signin.providers.models import PROVIDER_NAMES, LinkedAccount, Provider


@dataclass(frozen=True)
class Door:
    """What opens a person's account now."""

    devices: int
    passkeys: int
    second_step_at: datetime | None
    google_at: datetime | None
    facebook_at: datetime | None


def _door(user: Any) -> Door:
    """One statement for all clauses of a page."""
    if "living_door" not in g:
        g.living_door = _look(user)
    return cast(Door, g.living_door)


def _look(user: Any) -> Door:
    now, limits = clock.now(), sessions.limits(user)
    alive = (SignIn.last_seen_at >= now - limits.idle, SignIn.started_at >= now - limits.absolute)
    linked = select(LinkedAccount.linked_at).where(LinkedAccount.user_id == user.id)
    parts = (
        select(func.count()).select_from(SignIn).where(SignIn.user_id == user.id, *alive),
        select(func.count()).select_from(Passkey).where(Passkey.user_id == user.id),
        select(SecondStep.added_at).where(SecondStep.user_id == user.id),
        *(linked.where(LinkedAccount.provider == provider) for provider in (Provider.GOOGLE, Provider.FACEBOOK)),
    )
    return Door(*db.session.execute(select(*(part.scalar_subquery() for part in parts))).one())


def _ways_in(user: Any) -> Sequence[Said]:
    door = _door(user)
    devices = ngettext("%(num)d device signed in", "%(num)d devices signed in", door.devices)
    passkeys = ngettext("%(num)d passkey", "%(num)d passkeys", door.passkeys)
    return [
        Said(devices, is_on=door.devices > 0),
        Said(passkeys, is_on=door.passkeys > 0),
        _since(str(_("Second step")), door.second_step_at),
    ]


def _linked(user: Any) -> Sequence[Said]:
    door = _door(user)
    found = {Provider.GOOGLE: door.google_at, Provider.FACEBOOK: door.facebook_at}
    return [_linked_since(PROVIDER_NAMES[provider], at) for provider, at in found.items()]


def _since(what: str, at: datetime | None) -> Said:
    if at is None:
        return Said(_("%(what)s: off", what=what))
    return Said(_("%(what)s: on since %(day)s", what=what, day=format_date(at, "long")), is_on=True)


def _linked_since(name: str, at: datetime | None) -> Said:
    if at is None:
        return Said(_("%(provider)s: not linked", provider=name))
    return Said(_("%(provider)s: linked since %(day)s", provider=name, day=format_date(at, "long")), is_on=True)


CONTROLS = (
    ClauseControl("1.1", _l("Who gets into your account"), "signin.security", _ways_in),
    ClauseControl("4.3", _l("Linked accounts"), "linking.linked", _linked),
)
