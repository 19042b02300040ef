"""Sessions on the server: idle and absolute limits, ended by a row, proven for ten minutes (DECISIONS 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import session
from flask_login import login_user, logout_user
from sqlalchemy import delete, select, update
from ua_parser import parse

from portal.accounts.models import User
from portal.core import clock, hashes
from portal.core.database import db, writing
from portal.core.web import Visitor, visitor
from portal.signin.models import Handshake, HandshakeKind, SignIn, Visit, Way

PROOF = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
SECRET = "_user_id"  # where Flask-Login keeps what User.get_id gives
HALF_DONE = "browser"  # the cookie's entry that handshakes are bound to


@dataclass(frozen=True)
class Limits:
    """How long a session lives without use, and at all."""

    idle: timedelta
    absolute: timedelta


CUSTOMERS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
PERSONNEL = Limits(idle=timedelta(minutes=20), absolute=timedelta(hours=8))


def limits(user: User) -> Limits:
    """Personnel of Smartos have tighter ones."""
    return PERSONNEL if user.customer.is_smartos else CUSTOMERS


def start(user: User, way: Way, seen: Visitor, *, is_strong: bool = False, is_proof: bool = True) -> SignIn:
    """Sign `user` in on this browser under a new secret; whatever session was there before is gone.

    `is_proof`: whether this sign-in also counts as a fresh proof.

    What the browser had half done (who came from Google and signs in to be linked) stays with it.
    """
    half_done = session.get(HALF_DONE)
    end_current()
    secret, now = hashes.new_secret(), clock.now()
    browser, system = named(seen.user_agent)
    row = SignIn(
        user_id=user.id,
        secret_hash=hashes.of_secret(secret),
        started_at=now,
        last_seen_at=now,
        proven_at=now if is_proof else None,
        way=way,
        is_strong=is_strong,
        ip=seen.ip,
        browser=browser,
        system=system,
    )
    db.session.add(row)
    db.session.add(Visit(user_id=user.id, at=now, way=way, ip=seen.ip, browser=browser, system=system))
    if half_done:
        session[HALF_DONE] = half_done
    user.session_secret, user.sign_in = secret, row
    login_user(user)
    return row


def renew(user: User) -> None:
    """The same session goes on under a new secret, since a new proof was given (ASVS 5.0, 7.2.4)."""
    secret, row = hashes.new_secret(), user.sign_in
    db.session.execute(update(SignIn).where(SignIn.id == row.id).values(secret_hash=hashes.of_secret(secret)))
    session[SECRET] = user.session_secret = secret


def load(secret: str) -> User | None:
    """The user behind a cookie's secret, in one statement, while the session is within its limits."""
    found = db.session.execute(
        select(User, SignIn)
        .join(SignIn, SignIn.user_id == User.id)
        .where(SignIn.secret_hash == hashes.of_secret(secret))
    ).one_or_none()
    if found is None:
        return None
    user, row = found
    if not is_alive(row, user, clock.now()):
        return None
    user.session_secret, user.sign_in = secret, row
    _note_seen(row)
    return user


def is_alive(row: SignIn, user: User, now: datetime) -> bool:
    """Whether the session is within its idle and absolute limits."""
    allowed = limits(user)
    return now - row.last_seen_at <= allowed.idle and now - row.started_at <= allowed.absolute


def _note_seen(row: SignIn) -> None:
    now = clock.now()
    if now - row.last_seen_at < SEEN_EVERY:
        return
    db.session.commit()
    with writing():
        values = {"last_seen_at": now, "ip": visitor().ip}
        db.session.execute(update(SignIn).where(SignIn.id == row.id).values(**values))
        db.session.commit()


def end_current() -> None:
    """End the session of this browser, if it has one."""
    secret = session.get(SECRET)
    if secret:
        db.session.execute(delete(SignIn).where(SignIn.secret_hash == hashes.of_secret(secret)))
        logout_user()
    session.clear()


def end(user: User, sign_in_id: UUID) -> bool:
    """End one of this user's sessions; False when it is not theirs or not there."""
    ended = db.session.execute(
        delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id).returning(SignIn.id)
    )
    return ended.first() is not None


def end_by_way(user_id: UUID, way: Way, *, keep: SignIn | None = None) -> int:
    """End the sessions that were opened by `way` but `keep` (a provider took back its word); how many there were.

    Whoever came that way and has not typed the code of the second step yet begins anew too.
    """
    half_in = (Handshake.user_id == user_id, Handshake.kind == HandshakeKind.SECOND_STEP)
    db.session.execute(delete(Handshake).where(*half_in))
    statement = delete(SignIn).where(SignIn.user_id == user_id, SignIn.way == way)
    if keep is not None:
        statement = statement.where(SignIn.id != keep.id)
    return len(db.session.execute(statement.returning(SignIn.id)).all())


def end_others(user: User, *, keep: SignIn | None) -> None:
    """End all sessions of this user but `keep` (after a change of password: all others, ASVS 7.4.3)."""
    statement = delete(SignIn).where(SignIn.user_id == user.id)
    db.session.execute(statement.where(SignIn.id != keep.id) if keep else statement)


def is_proven(row: SignIn) -> bool:
    """Whether the person has proven who they are within the last ten minutes."""
    return row.proven_at is not None and clock.now() - row.proven_at < PROOF


def alive(user: User) -> list[SignIn]:
    """This user's sessions, the latest first."""
    rows = db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.last_seen_at.desc()))
    now = clock.now()
    return [row for row in rows if is_alive(row, user, now)]


def named(user_agent: str) -> tuple[str, str]:
    """Browser and operating system, as ua-parser names them; empty where it cannot tell."""
    found = parse(user_agent)
    browser, system = found.user_agent, found.os
    return (
        " ".join(filter(None, [browser.family, browser.major])) if browser else "",
        " ".join(filter(None, [system.family, system.major])) if system else "",
    )
