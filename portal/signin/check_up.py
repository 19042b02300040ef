"""The check-up at /security: what guards an account, how strong each part is, and the page that mends it. Facts only.

Strong is what needs nothing, fair what could be better, weak what Smartos or the person should not leave as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.signin import devices
from portal.signin.factors.models import Passkey, RecoveryCode, SecondStep
from portal.signin.factors.personnel import must_have_a_factor
from portal.signin.factors.recovery_codes import FEW
from portal.signin.providers.models import LinkedAccount, Provider


class Level(StrEnum):
    """How well one part guards the account."""

    STRONG = "strong"
    FAIR = "fair"
    WEAK = "weak"


class Item(StrEnum):
    """The parts, in the order of the page."""

    PASSWORD = "password"
    SECOND_STEP = "second-step"
    RECOVERY_CODES = "recovery-codes"
    PASSKEYS = "passkeys"
    LINKED = "linked"
    DEVICES = "devices"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True)
class Finding:
    """How it stands with one part: `state` names the sentence (check_up_words), `endpoint` the page of the button."""

    item: Item
    level: Level
    state: str
    endpoint: str
    count: int = 0
    since: datetime | None = None
    providers: Sequence[Provider] = ()


@dataclass(frozen=True)
class Guards:
    """What stands between an account and others."""

    passkeys: int
    second_step_at: datetime | None
    codes_left: int
    password_at: datetime | None
    letter_failed: bool
    linked: Sequence[Provider]
    paused: Sequence[Provider]

    @property
    def opens_by_less(self) -> bool:
        """Whether something apart from a passkey opens the account."""
        return bool(self.linked or self.paused)


def of(user: User) -> list[Finding]:
    """Every part that this account has; five statements."""
    return list(_findings(user, _guards(user)))


def weakest(findings: Sequence[Finding]) -> Finding | None:
    """What to mend first; None when all is strong."""
    order = (Level.WEAK, Level.FAIR)
    return next((one for level in order for one in findings if one.level == level), None)


def _findings(user: User, guards: Guards) -> Iterator[Finding]:
    yield _password(user, guards)
    yield _second_step(user, guards)
    if guards.second_step_at:
        yield _recovery_codes(guards)
    yield _passkeys(guards)
    yield _linked(guards)
    yield _devices(user)
    yield _email(user, guards)
    if user.phone:
        yield Finding(Item.PHONE, Level.STRONG, "phone.given", "profile.phone", since=user.phone_verified_at)


def _password(user: User, guards: Guards) -> Finding:
    if user.password_hash:
        since = guards.password_at or user.created_at
        return Finding(Item.PASSWORD, Level.STRONG, "password.set", "signin.change_password", since=since)
    if guards.passkeys:
        return Finding(Item.PASSWORD, Level.STRONG, "password.none", "passkeys.index")
    return Finding(Item.PASSWORD, Level.FAIR, "password.by-provider", "passkeys.index", providers=guards.linked)


def _second_step(user: User, guards: Guards) -> Finding:
    def found(level: Level, state: str) -> Finding:
        return Finding(Item.SECOND_STEP, level, state, "second_step.two_step", since=guards.second_step_at)

    if guards.second_step_at:
        return found(Level.STRONG, "second-step.on")
    if guards.passkeys and not user.password_hash and not guards.opens_by_less:
        return found(Level.STRONG, "second-step.not-needed")
    if must_have_a_factor(user) and not guards.passkeys:
        return found(Level.WEAK, "second-step.must")
    return found(Level.FAIR, "second-step.off")


def _recovery_codes(guards: Guards) -> Finding:
    left = guards.codes_left
    level = Level.WEAK if left == 0 else Level.FAIR if left <= FEW else Level.STRONG
    return Finding(Item.RECOVERY_CODES, level, f"recovery-codes.{level}", "second_step.two_step", count=left)


def _passkeys(guards: Guards) -> Finding:
    level = Level.STRONG if guards.passkeys else Level.FAIR
    return Finding(Item.PASSKEYS, level, f"passkeys.{level}", "passkeys.index", count=guards.passkeys)


def _linked(guards: Guards) -> Finding:
    if guards.paused:
        return Finding(Item.LINKED, Level.WEAK, "linked.paused", "linking.linked", providers=guards.paused)
    state = "linked.some" if guards.linked else "linked.none"
    return Finding(Item.LINKED, Level.STRONG, state, "linking.linked", providers=guards.linked)


def _devices(user: User) -> Finding:
    signed_in = devices.of(user)
    odd = sum(device.is_odd for device in signed_in if device.sign_in.id != user.sign_in.id)
    level = Level.FAIR if odd else Level.STRONG
    return Finding(Item.DEVICES, level, f"devices.{level}", "signin.devices", count=odd or len(signed_in))


def _email(user: User, guards: Guards) -> Finding:
    if guards.letter_failed:
        return Finding(Item.EMAIL, Level.WEAK, "email.failing", "profile.email")
    return Finding(Item.EMAIL, Level.STRONG, "email.verified", "profile.email", since=user.email_verified_at)


def _guards(user: User) -> Guards:
    passkeys, second_step_at, codes_left, password_at, letter = db.session.execute(
        select(
            _count(Passkey, Passkey.user_id == user.id),
            select(SecondStep.added_at).where(SecondStep.user_id == user.id).scalar_subquery(),
            _count(RecoveryCode, RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)),
            _last_change(user).scalar_subquery(),
            _last_letter(user).scalar_subquery(),
        )
    ).one()
    rows = db.session.execute(
        select(LinkedAccount.provider, LinkedAccount.paused_at)
        .where(LinkedAccount.user_id == user.id)
        .order_by(LinkedAccount.linked_at)
    ).all()
    return Guards(
        passkeys,
        second_step_at,
        codes_left,
        password_at,
        letter_failed=letter == LetterState.FAILED,
        linked=[provider for provider, paused_at in rows if paused_at is None],
        paused=[provider for provider, paused_at in rows if paused_at is not None],
    )


def _count(model: type[Any], *where: Any) -> Any:
    return select(func.count()).select_from(model).where(*where).scalar_subquery()


def _last_change(user: User) -> Select[datetime]:
    """When the password was last set; the chain knows, by the customer's own entries."""
    about = (AuditEntry.customer_id == user.customer_id, AuditEntry.subject_id == user.id)
    mine = select(AuditEntry.at).where(*about, AuditEntry.act == "password.changed")
    return mine.order_by(AuditEntry.seq.desc()).limit(1)


def _last_letter(user: User) -> Select[LetterState]:
    """What became of the latest letter to the present address, once it was tried."""
    tried = Letter.state.in_((LetterState.SENT, LetterState.FAILED))
    mine = select(Letter.state).where(Letter.user_id == user.id, Letter.address == user.email, tried)
    return mine.order_by(Letter.id.desc()).limit(1)
