"""Passkeys: getting in by one alone, proving by one who is there, and keeping several."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from webauthn.helpers import bytes_to_base64url

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.core.web import Visitor
from portal.signin import alarms, proof, sessions, ways_in
from portal.signin.factors import ceremony, personnel
from portal.signin.factors.ceremony import Purpose, Refused, Trouble
from portal.signin.factors.models import Passkey
from portal.signin.models import Way

MOST = 20
LONGEST_NAME = 80
WORDS = {
    Trouble.LATE: _l("This took longer than five minutes, or it was sent twice. Please try once more."),
    Trouble.FORGED: _l("What your browser sent does not fit together, so nothing was changed. Please try once more."),
    Trouble.UNVERIFIED: _l(
        "Your device did not check that it is you. Please unlock it by fingerprint, face or PIN when it asks."
    ),
    Trouble.UNKNOWN: _l("This passkey does not open this account. It may have been removed. Please use another way."),
    Trouble.COPIED: _l(
        "This passkey seems to exist twice: it counts its uses, and the count went back. "
        "For safety we did not take it. Please use another way, then replace it."
    ),
    Trouble.TAKEN: _l("This passkey is registered already."),
    Trouble.TOO_MANY: _l("You have as many passkeys as an account can hold. Please remove one first."),
}


class LastWayIn(Exception):
    """Without this passkey its owner could not get in any more."""


class LastFactor(Exception):
    """Smartos's own people keep a second step or a passkey, and this is the last of them."""


def of(user: User) -> list[Passkey]:
    """This person's passkeys, the oldest first."""
    return list(db.session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)))


def one_of(user: User, passkey_id: UUID) -> Passkey | None:
    """One of this person's passkeys; None when it is not theirs or not there."""
    return db.session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user.id))


def accepted(user: User, kept: Sequence[Passkey]) -> dict[str, str]:
    """What a password manager is told, so that it no longer offers a passkey that was removed (WebAuthn, 5.1.10)."""
    ids = " ".join(bytes_to_base64url(passkey.credential_id) for passkey in kept)
    return {"rp": ceremony.site().rp_id, "user": bytes_to_base64url(ceremony.handle(user)), "ids": ids}


def usual_name(seen: Visitor) -> str:
    """What a new passkey is called before its owner says: the browser and system it is made with."""
    browser, system = sessions.named(seen.user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)[:LONGEST_NAME]
    return (browser or system or _("My passkey"))[:LONGEST_NAME]


def ask_for_new(user: User) -> dict[str, Any]:
    """What the browser needs to make a passkey. Raises Refused when the person has as many as can be."""
    known = of(user)
    if len(known) >= MOST:
        raise Refused(Trouble.TOO_MANY)
    return ceremony.ask_for_new(user, known)


def ask_who() -> dict[str, Any]:
    """What the browser needs to sign in whoever holds a passkey of this site."""
    return ceremony.ask_for_known(Purpose.SIGN_IN)


def ask_whether(user: User) -> dict[str, Any]:
    """What the browser needs to prove that `user` is there."""
    return ceremony.ask_for_known(Purpose.PROVE, user=user, known=of(user))


def add(user: User, answer: str, *, name: str) -> Passkey:
    """Keep the passkey that the browser made, and tell its owner by letter.

    Raises Refused; the refusal is noted, and the caller commits it.
    """
    ways_in.hold(user)
    try:
        new, transports = ceremony.judge_new(answer, user)
        _still_fits(user, new.credential_id)
    except Refused as refusal:
        _note(refusal, user=user)
        raise
    passkey = Passkey(
        user_id=user.id,
        credential_id=new.credential_id,
        public_key=new.credential_public_key,
        sign_count=new.sign_count,
        transports=transports,
        is_synced=new.credential_backed_up,
        name=name,
    )
    db.session.add(passkey)
    db.session.flush()
    chain.record("passkey.added", subject=passkey, actor_id=user.id, customer_id=user.customer_id)
    alarms.tell(user, "signin/passkey-added", about=f"passkey:{passkey.id}", facts={"name": name})
    return passkey


def owner_of(answer: str) -> User:
    """Whose passkey answered, and whom their device verified: they may come in.

    Raises Refused; the refusal is noted, and the caller commits it.
    """
    passkey = _judged(answer, Purpose.SIGN_IN, None)
    return db.session.get_one(User, passkey.user_id)


def prove(user: User, answer: str) -> None:
    """Fresh proof by passkey, good for ten minutes; the session counts as strong from now on.

    Raises Refused; the refusal is noted, and the caller commits it.
    """
    _judged(answer, Purpose.PROVE, user)
    proof.given(user, is_strong=True)


def rename(passkey: Passkey, name: str, *, by: User) -> None:
    """Another name for it."""
    passkey.name = name
    chain.record("passkey.renamed", subject=passkey, actor_id=by.id, customer_id=by.customer_id)


def remove(passkey: Passkey, *, by: User) -> None:
    """Nobody gets in by this passkey any more; every other session of its owner ends, and a letter says so.

    Raises LastWayIn; LastFactor for Smartos's own people.
    """
    ways_in.hold(by)
    if ways_in.is_last(by, Way.PASSKEY, passkey.id):
        raise LastWayIn
    if personnel.is_last_factor(by, passkey.id):
        raise LastFactor
    db.session.delete(passkey)
    sessions.end_others(by, keep=by.sign_in)
    chain.record("passkey.removed", subject=passkey, actor_id=by.id, customer_id=by.customer_id)
    alarms.tell(by, "signin/passkey-removed", about=f"passkey:{passkey.id}", facts={"name": passkey.name})


def _still_fits(user: User, credential_id: bytes) -> None:
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)):
        raise Refused(Trouble.TAKEN)
    if (db.session.scalar(select(func.count()).where(Passkey.user_id == user.id)) or 0) >= MOST:
        raise Refused(Trouble.TOO_MANY)


def _judged(answer: str, purpose: Purpose, user: User | None) -> Passkey:
    passkey = None
    try:
        credential, challenge = ceremony.read_known(answer, purpose, user)
        passkey = _held(credential.raw_id)
        if passkey is None or not _fits(passkey, user, credential.response.user_handle):
            raise Refused(Trouble.UNKNOWN)
        shown = ceremony.judge_known(credential, challenge, passkey)
    except Refused as refusal:
        _note(refusal, passkey=passkey, user=user)
        raise
    passkey.sign_count = shown.new_sign_count
    passkey.is_synced = shown.credential_backed_up
    passkey.used_at = clock.now()
    return passkey


def _held(credential_id: bytes) -> Passkey | None:
    """The passkey, its row held until the transaction ends: two answers at once are counted one after the other."""
    return db.session.scalar(select(Passkey).where(Passkey.credential_id == credential_id).with_for_update())


def _fits(passkey: Passkey, user: User | None, handle: bytes | None) -> bool:
    """Whether the authenticator means the person whose passkey this is (WebAuthn, 7.2, step 6).

    Who signs in must be named by the authenticator; who proves is known, and may be left unnamed.
    """
    if user is None:
        return handle == ceremony.handle(db.session.get_one(User, passkey.user_id))
    return passkey.user_id == user.id and handle in (None, b"", ceremony.handle(user))


def _note(refusal: Refused, *, passkey: Passkey | None = None, user: User | None = None) -> None:
    act = "passkey.copied" if refusal.trouble == Trouble.COPIED else f"passkey.refused-{refusal.trouble}"
    chain.record(
        act,
        subject=passkey or user,
        actor_id=user.id if user else None,
        customer_id=user.customer_id if user else None,
    )
