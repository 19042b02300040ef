"""Fresh proof: one decorator asks who is there, before whatever would hurt in another's hands (DESIGN, mechanism 9).

What is asked is what signing in takes: the password, and the code of the second step where it is on (ASVS 5.0, 7.5.1),
or a passkey. Who has none of these (and comes by Google or Facebook) types a code that is mailed; ASVS 6.3.6 would have
it otherwise, and there is no other way (docs/decisions/0018-fresh-proof.md).
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import redirect, url_for
from flask_login import current_user
from sqlalchemy import update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock, hashes, web
from portal.core.database import db
from portal.core.web import Visitor
from portal.mailer.post import Reader, write
from portal.signin import guesses, handshakes, passwords, sessions, way_back
from portal.signin.factors import personnel, second_step, totp
from portal.signin.models import HandshakeKind, SignIn

CODE_MINUTES = 10
CODE_TRIES = 5


class WrongPassword(Exception):
    """The password does not fit; commit all the same, so that it is on record."""


class WrongCode(Exception):
    """The code does not fit, is used or too old; commit all the same, so that the try is counted."""


class CodeOver(Exception):
    """No mailed code is waiting: it is too old, or was tried too often."""


@dataclass(frozen=True)
class Asked:
    """What a person is asked for, by what they have."""

    password: bool
    code: bool  # of the authenticator app, or a recovery code
    mailed: bool
    passkey: bool

    @property
    def by_form(self) -> bool:
        """Whether there is something to type."""
        return self.password or self.code or self.mailed


def fresh_proof(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view opens within ten minutes of a sign-in or a confirmation; else it asks and comes back."""

    @wraps(view)
    def proven(*args: Any, **kwargs: Any) -> Any:
        if sessions.is_proven(current_user.sign_in):
            return view(*args, **kwargs)
        return redirect(url_for("proof.confirm_identity", next=way_back.here()), 303)

    return proven


def asked(user: User) -> Asked:
    """Smartos's own people prove by their factor; for them a password alone counts only until they have one."""
    has_step, has_passkey = second_step.of(user) is not None, personnel.has_passkey(user)
    by_passkey_only = personnel.must_have_a_factor(user) and has_passkey and not has_step
    has_password = bool(user.password_hash) and not by_passkey_only
    return Asked(
        password=has_password,
        code=has_step,
        mailed=not (user.password_hash or has_step or has_passkey),
        passkey=has_passkey,
    )


def prove(user: User, *, password: str, code: str, seen: Visitor) -> None:
    """Fresh proof by password, by code, or by both, as `asked` says; good for ten minutes.

    Raises WrongPassword, WrongCode, CodeOver; throttle.Waiting after too many wrong ones, and then nothing was judged.
    """
    wanted = asked(user)
    tried = guesses.by_session(user, seen)
    if wanted.password and not passwords.is_right(password, user.password_hash):
        _record("proof.refused", user)
        raise WrongPassword
    if wanted.code:
        _check_second_step(user, code)
    if wanted.mailed:
        _check_mailed(user, code)
    tried.right()
    given(user, is_strong=wanted.code)


def given(user: User, *, is_strong: bool) -> None:
    """This session's person has proven who they are, just now; `is_strong` by more than a password."""
    row: SignIn = user.sign_in
    strong = {"is_strong": True} if is_strong else {}
    db.session.execute(update(SignIn).where(SignIn.id == row.id).values(proven_at=clock.now(), **strong))
    sessions.renew(user)
    _record("proof.given", user)


def _check_second_step(user: User, code: str) -> None:
    try:
        second_step.check(user, code)
    except second_step.WrongCode:
        raise WrongCode from None


# --- the mailed code


def mail_code(user: User) -> None:
    """Six digits to the person's address, good in this browser for ten minutes; a code mailed before is void."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    handshakes.begin(
        HandshakeKind.PROOF_CODE,
        minutes=CODE_MINUTES,
        data={"code_hash": _hash(user, code)},
        key=str(user.id),
        user=user,
    )
    facts = {
        "full_name": user.full_name,
        "code": code,
        "minutes": CODE_MINUTES,
        "security": web.absolute_url("signin.security"),
    }
    reader = Reader(user.email, user.locale, user.id)
    write("signin/proof-code", reader, facts, expires_at=clock.now() + timedelta(minutes=CODE_MINUTES))
    _record("proof.code-mailed", user)


def code_waits(user: User) -> bool:
    """Whether a mailed code can still be typed in this browser."""
    row = handshakes.find(HandshakeKind.PROOF_CODE, str(user.id))
    return row is not None and row.tries < CODE_TRIES


def _check_mailed(user: User, typed: str) -> None:
    row = handshakes.count_try(HandshakeKind.PROOF_CODE, most=CODE_TRIES, key=str(user.id))
    if row is None:
        _record("proof.refused", user)
        raise CodeOver
    code = totp.digits(typed) or ""
    if not hmac.compare_digest(row.data["code_hash"], _hash(user, code)):
        _record("proof.refused", user)
        raise CodeOver if row.tries >= CODE_TRIES else WrongCode
    if handshakes.take(HandshakeKind.PROOF_CODE, str(user.id)) is None:
        raise CodeOver


def _hash(user: User, code: str) -> str:
    return hashes.keyed("proof-code", f"{user.id}:{code}")


def _record(act: str, user: User) -> None:
    chain.record(act, subject=user, actor_id=user.id, customer_id=user.customer_id)
