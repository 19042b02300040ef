"""What "this was not me" takes back: the change its letter told of, and whatever guards the account only since then.

A thief rarely makes one change. Who presses the link of the first letter also gets rid of the passkey, the linked
account or the second step that came after it (docs/decisions/0019-not-me.md).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, or_, select

from portal.accounts.models import MailedLink, User
from portal.audit import chain
from portal.core.database import db
from portal.signin.factors import personnel, recovery_codes, second_step
from portal.signin.factors.models import Passkey, RecoveryCode, SecondStep
from portal.signin.models import Way
from portal.signin.providers import linking
from portal.signin.providers.models import LinkedAccount, Provider

SAME_MOMENT = timedelta(minutes=1)  # a passkey is marked as used a little before the letter about it is written


@dataclass(frozen=True)
class Alarm:
    """One security letter: whose it was, what it was about (alarms.tell), when, and the address it went to."""

    user: User
    about: str
    since: datetime
    mailed_to: str


@dataclass(frozen=True)
class Undoing:
    """One thing that can be taken back: words for the page before, words for the letter after, whether, and how."""

    will: Any
    was: Any
    applies: Callable[[Alarm], bool]
    undo: Callable[[Alarm], None]


def of_link(link: MailedLink, user: User) -> Alarm:
    """The letter that this link stood in."""
    return Alarm(user, link.about, link.created_at, link.mailed_to)


def applying(alarm: Alarm) -> list[Undoing]:
    """What would be taken back now, in the order in which it is done.

    Smartos's own people keep their factors: else their mailbox alone would open the console.
    """
    factors = () if personnel.must_have_a_factor(alarm.user) else FACTORS
    undoings: Iterable[Undoing] = (*factors, *LINKED, *current_app.extensions["recovery_steps"])
    return [undoing for undoing in undoings if undoing.applies(alarm)]


def _passkeys(alarm: Alarm) -> ColumnElement[bool]:
    suspects = [Passkey.added_at >= alarm.since]
    if alarm.about == f"way:{Way.PASSKEY}":
        suspects.append(Passkey.used_at >= alarm.since - SAME_MOMENT)
    kind, _colon, found = alarm.about.partition(":")
    if kind == "passkey":
        suspects.append(Passkey.id == UUID(found))
    return (Passkey.user_id == alarm.user.id) & or_(*suspects)


def _has_passkeys(alarm: Alarm) -> bool:
    return db.session.scalar(select(Passkey.id).where(_passkeys(alarm)).limit(1)) is not None


def _remove_passkeys(alarm: Alarm) -> None:
    db.session.execute(delete(Passkey).where(_passkeys(alarm)))
    _record("passkey.removed", alarm.user)


def _has_second_step(alarm: Alarm) -> bool:
    added_at = db.session.scalar(select(SecondStep.added_at).where(SecondStep.user_id == alarm.user.id))
    return added_at is not None and (alarm.about == "second-step" or added_at >= alarm.since)


def _remove_second_step(alarm: Alarm) -> None:
    second_step.remove(alarm.user)
    _record("second-step.off", alarm.user)


def _has_recovery_codes(alarm: Alarm) -> bool:
    mine = select(RecoveryCode.made_at).where(RecoveryCode.user_id == alarm.user.id).limit(1)
    made_at = db.session.scalar(mine)
    is_suspect = made_at is not None and (alarm.about == "recovery-codes" or made_at >= alarm.since)
    return is_suspect and not _has_second_step(alarm)  # they go with it


def _forget_recovery_codes(alarm: Alarm) -> None:
    recovery_codes.forget(alarm.user)
    _record("recovery-codes.dropped", alarm.user)


def _is_linked(provider: Provider, alarm: Alarm) -> bool:
    mine = (LinkedAccount.user_id == alarm.user.id, LinkedAccount.provider == provider)
    linked_at = db.session.scalar(select(LinkedAccount.linked_at).where(*mine))
    came_by_it = alarm.about in (provider.value, f"way:{provider.way}")
    return linked_at is not None and (came_by_it or linked_at >= alarm.since)


def _unlink(provider: Provider, alarm: Alarm) -> None:
    linking.drop(alarm.user, provider)


def _record(act: str, user: User) -> None:
    chain.record(act, subject=user, actor_id=user.id, customer_id=user.customer_id)


FACTORS = (
    Undoing(
        _l("The passkey that came in, or was used, since then no longer opens your account."),
        _l("The passkey in question no longer opens your account."),
        _has_passkeys,
        _remove_passkeys,
    ),
    Undoing(
        _l("The second step that was switched on is off again, with its recovery codes."),
        _l("The second step is off, with its recovery codes."),
        _has_second_step,
        _remove_second_step,
    ),
    Undoing(
        _l("The recovery codes stop working; you can make new ones."),
        _l("The recovery codes stopped working; you can make new ones."),
        _has_recovery_codes,
        _forget_recovery_codes,
    ),
)
LINKED = tuple(
    Undoing(will, was, partial(_is_linked, provider), partial(_unlink, provider))
    for provider, will, was in (
        (
            Provider.GOOGLE,
            _l("The linked Google account no longer opens your account."),
            _l("Google no longer opens your account."),
        ),
        (
            Provider.FACEBOOK,
            _l("The linked Facebook account no longer opens your account."),
            _l("Facebook no longer opens your account."),
        ),
    )
)
