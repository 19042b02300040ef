"""Another phone number: it takes effect once its six-digit code is typed (clause 3.1).

Codes go to the verified e-mail address as long as the portal has no gateway for text messages
(SMS_URL); the page says so.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db
from portal.profile import emails
from portal.profile.models import PersonalField, PhoneCode
from portal.profile.service import note

CODE_MINUTES = 10
TRIES = 5


class SamePhone(Exception):
    """The number is the one on file."""


class WrongCode(Exception):
    """The code does not fit; commit all the same, so that the try is counted."""


class CodeOver(Exception):
    """No code is waiting: it is too old, or was tried too often."""


def ask(user: User, wanted: str) -> None:
    """Send a code for the number `wanted` (E.164); a code asked for earlier stops working.

    Raises SamePhone.
    """
    if wanted == user.phone:
        raise SamePhone
    cancel(user)
    code = f"{secrets.randbelow(1_000_000):06d}"
    expires_at = clock.now() + timedelta(minutes=CODE_MINUTES)
    db.session.add(PhoneCode(user_id=user.id, phone=wanted, code_hash=_hash(user, code), expires_at=expires_at))
    emails.phone_code(user, code, minutes=CODE_MINUTES, expires_at=expires_at)


def cancel(user: User) -> None:
    """No code that was sent until now works any more."""
    db.session.execute(delete(PhoneCode).where(PhoneCode.user_id == user.id))


def pending(user: User) -> PhoneCode | None:
    """The number that waits for its code, while it can still be confirmed."""
    return db.session.scalar(
        select(PhoneCode).where(
            PhoneCode.user_id == user.id, PhoneCode.expires_at > clock.now(), PhoneCode.tries < TRIES
        )
    )


def confirm(user: User, code: str) -> None:
    """Take the number over once its code fits; each code bears five tries, counted before they are judged.

    Raises WrongCode, CodeOver.
    """
    tried = db.session.execute(
        update(PhoneCode)
        .where(PhoneCode.user_id == user.id, PhoneCode.expires_at > clock.now(), PhoneCode.tries < TRIES)
        .values(tries=PhoneCode.tries + 1)
        .returning(PhoneCode.phone, PhoneCode.code_hash, PhoneCode.tries)
    ).one_or_none()
    if tried is None:
        raise CodeOver
    digits = "".join(c for c in code if not c.isspace())
    if not hmac.compare_digest(tried.code_hash, _hash(user, digits)):
        raise CodeOver if tried.tries >= TRIES else WrongCode
    cancel(user)
    _replace(user, tried.phone)


def remove(user: User) -> bool:
    """Take the number off the account; needs no code. False when there is none."""
    cancel(user)
    if not user.phone:
        return False
    _replace(user, "")
    return True


def _replace(user: User, phone: str) -> None:
    note(user, PersonalField.PHONE, user.phone, phone)
    user.phone = phone
    user.phone_verified_at = clock.now() if phone else None
    emails.phone_changed(user)
    act = "phone.changed" if phone else "phone.removed"
    chain.record(act, subject=user, actor_id=user.id, customer_id=user.customer_id)


def _hash(user: User, code: str) -> str:
    return hashes.keyed("phone-code", f"{user.id}:{code}")
