"""The second step: switched on by a first code, asked at sign-in and for a fresh proof, switched off."""

from enum import StrEnum

import structlog
from sqlalchemy import delete, select, update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock, sealing
from portal.core.database import db
from portal.signin import alarms, handshakes, passwords, sessions, ways_in
from portal.signin.factors import personnel, recovery_codes, totp
from portal.signin.factors.models import SecondStep
from portal.signin.models import HandshakeKind, SignIn

SETUP_MINUTES = 30
SHOWN_MINUTES = 10
SEALED_AS = "second-step"
SHOWN = "shown:"

log = structlog.get_logger(__name__)


class Factor(StrEnum):
    """What somebody proved to hold."""

    APP = "app"
    RECOVERY_CODE = "recovery-code"


class WrongCode(Exception):
    """The code does not fit, is too old, or was used before; commit all the same, so that it is on record."""


class NothingWaiting(Exception):
    """There is no secret that waits for its first code in this browser, or the second step is on already."""


class Needed(Exception):
    """Smartos's own people keep a second step or a passkey."""


def of(user: User) -> SecondStep | None:
    """This person's second step, when it is on."""
    return db.session.scalar(select(SecondStep).where(SecondStep.user_id == user.id))


# --- switching on


def waiting_secret(user: User) -> str | None:
    """The secret that this browser is shown until its first code comes, for thirty minutes."""
    row = handshakes.find(HandshakeKind.TWO_STEP_SETUP, str(user.id))
    return _waited(str(user.id), row.data["sealed"]) if row else None


def begin(user: User) -> str:
    """A new secret for this browser; one that waited there is forgotten."""
    secret = totp.new_secret()
    sealed = sealing.seal(HandshakeKind.TWO_STEP_SETUP, str(user.id), secret.encode())
    key = str(user.id)
    handshakes.begin(HandshakeKind.TWO_STEP_SETUP, minutes=SETUP_MINUTES, data={"sealed": sealed}, key=key, user=user)
    return secret


def switch_on(user: User, typed: str) -> None:
    """From now on signing in asks for a code; this session counts as strong, and recovery codes wait to be shown.

    Raises NothingWaiting, WrongCode.
    """
    secret = waiting_secret(user)
    if secret is None or of(user):
        raise NothingWaiting
    code = totp.digits(typed)
    step = totp.step_of(secret, code, at=clock.now()) if code else None
    if step is None:
        _record("second-step.setup-refused", user)
        raise WrongCode
    db.session.commit()  # nothing is locked while ten codes are hashed
    codes = recovery_codes.new()
    hashes = recovery_codes.hashed(codes)
    if handshakes.take(HandshakeKind.TWO_STEP_SETUP, str(user.id)) is None:
        raise NothingWaiting
    sealed = sealing.seal(SEALED_AS, str(user.id), secret.encode())
    db.session.add(SecondStep(user_id=user.id, sealed_secret=sealed, last_step=step))
    _keep(user, codes, hashes)
    _make_strong(user)
    _record("second-step.on", user)
    alarms.tell(user, "signin/two-step-on", about="second-step")


def _make_strong(user: User) -> None:
    """This session has a second factor behind it now; whoever else is signed in has to prove it anew."""
    mine: SignIn = user.sign_in
    db.session.execute(update(SignIn).where(SignIn.id == mine.id).values(is_strong=True))
    others = (SignIn.user_id == user.id, SignIn.id != mine.id)
    db.session.execute(update(SignIn).where(*others).values(proven_at=None))


def can_switch_off(user: User) -> bool:
    """Smartos's own people cannot, unless they have a passkey."""
    return not personnel.must_have_a_factor(user) or personnel.has_passkey(user)


def switch_off(user: User) -> bool:
    """Signing in asks for no code any more; False when it was off.

    Raises Needed for Smartos's own people without a passkey.
    """
    ways_in.hold(user)
    if not can_switch_off(user):
        raise Needed
    if not remove(user):
        return False
    _record("second-step.off", user)
    alarms.tell(user, "signin/two-step-off", about="second-step")
    return True


def take_off(user: User) -> bool:
    """For who lost the app and every code, once support has checked who they are (clause 9.2); False when it was off.

    Every session ends, so that the person begins anew; the letter tells them, in case it was not they who asked.
    """
    if not remove(user):
        return False
    sessions.end_others(user, keep=None)
    chain.record("second-step.taken-off-by-operator", subject=user, customer_id=user.customer_id)
    alarms.tell(user, "signin/two-step-off", about="second-step")
    return True


def remove(user: User) -> bool:
    """The second step and its recovery codes are gone; False when there was none."""
    recovery_codes.forget(user)
    gone = db.session.execute(delete(SecondStep).where(SecondStep.user_id == user.id).returning(SecondStep.id))
    return gone.first() is not None


# --- recovery codes


def renew_codes(user: User) -> None:
    """Ten new recovery codes wait to be shown; those from before are void.

    Raises NothingWaiting when the second step is off.
    """
    if of(user) is None:
        raise NothingWaiting
    db.session.commit()  # nothing is locked while ten codes are hashed
    codes = recovery_codes.new()
    hashes = recovery_codes.hashed(codes)
    _keep(user, codes, hashes)
    _record("recovery-codes.renewed", user)
    alarms.tell(user, "signin/recovery-codes-renewed", about="recovery-codes")


def codes_to_show(user: User) -> list[str]:
    """The recovery codes just made in this browser, once; empty when they were shown."""
    place = SHOWN + str(user.id)
    data = handshakes.take(HandshakeKind.TWO_STEP_SETUP, place)
    return (_waited(place, data["sealed"]) or "").split() if data else []


def _waited(place: str, sealed: str) -> str | None:
    """What waits in this browser; nothing when it was sealed under a STORAGE_KEY that is gone."""
    try:
        return sealing.unseal(HandshakeKind.TWO_STEP_SETUP, place, sealed).decode()
    except sealing.DoesNotOpen:
        return None


def _keep(user: User, codes: list[str], hashes: list[str]) -> None:
    recovery_codes.keep(user, hashes)
    place = SHOWN + str(user.id)
    sealed = sealing.seal(HandshakeKind.TWO_STEP_SETUP, place, " ".join(codes).encode())
    handshakes.begin(HandshakeKind.TWO_STEP_SETUP, minutes=SHOWN_MINUTES, data={"sealed": sealed}, key=place, user=user)


# --- checking


def check(user: User, typed: str) -> Factor:
    """Which factor `typed` proves: a code of the app, or a recovery code. Either is good for one time.

    Raises WrongCode. Commits what came before, so that nothing is locked while a recovery code is hashed.
    """
    if code := totp.digits(typed):
        _check_app(user, code)
        return Factor.APP
    if code := recovery_codes.plain(typed):
        _check_recovery_code(user, code)
        return Factor.RECOVERY_CODE
    _record("second-step.refused", user)
    raise WrongCode


def _check_app(user: User, code: str) -> None:
    row = of(user)
    step = None
    if row is not None and (secret := _secret_of(user, row)):
        step = totp.step_of(secret, code, at=clock.now())
    if step is None:
        _record("second-step.refused", user)
        raise WrongCode
    if not _use_up(user, step):
        _record("second-step.replayed", user)
        raise WrongCode


def _secret_of(user: User, row: SecondStep) -> str | None:
    """None when it was sealed under a STORAGE_KEY that is gone: no code fits then, and recovery codes go on working."""
    try:
        return sealing.unseal(SEALED_AS, str(user.id), row.sealed_secret).decode()
    except sealing.DoesNotOpen:
        log.error("second-step.sealed-under-another-key")
        return None


def _use_up(user: User, step: int) -> bool:
    """The first one with the code of this step, or of a later one, uses up all until then (RFC 6238, 5.2)."""
    used = (
        update(SecondStep)
        .where(SecondStep.user_id == user.id, SecondStep.last_step < step)
        .values(last_step=step, used_at=clock.now())
        .returning(SecondStep.id)
    )
    return db.session.scalar(used) is not None


def _check_recovery_code(user: User, code: str) -> None:
    row = recovery_codes.find(user, code)
    db.session.commit()
    if not passwords.is_right(code, row.code_hash if row else None) or row is None or not recovery_codes.use_up(row):
        _record("recovery-code.refused", user)
        raise WrongCode
    _record("recovery-code.used", user)
    alarms.tell(user, "signin/recovery-code-used", about="recovery-codes", facts={"left": recovery_codes.left(user)})


def _record(act: str, user: User) -> None:
    chain.record(act, subject=user, actor_id=user.id, customer_id=user.customer_id)
