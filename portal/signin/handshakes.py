"""What is half done in a browser: gone to a provider, a challenge, a missing code. Rows, bound to one cookie secret."""

from datetime import timedelta
from typing import Any

from flask import session
from sqlalchemy import delete, select, update

from portal.accounts.models import User
from portal.core import clock, hashes
from portal.core.database import db
from portal.signin.models import Handshake, HandshakeKind
from portal.signin.providers.models import Newcomer
from portal.signin.sessions import HALF_DONE as BROWSER

MOST = 10


def browser_hash() -> str:
    """The hash of the secret in this browser's cookie; it gets one when it has none."""
    if BROWSER not in session:
        session[BROWSER] = hashes.new_secret()
    return hashes.of_secret(session[BROWSER])


def known_browser_hash() -> str | None:
    """The same without giving the browser one: None where no cookie came back."""
    secret = session.get(BROWSER)
    return hashes.of_secret(secret) if isinstance(secret, str) else None


def renew_browser() -> None:
    """This browser gets another secret, and what it began goes with it.

    Called as somebody gets in, or half in: a cookie that was planted or copied before then opens nothing after
    (session fixation). A browser that began nothing needs none.
    """
    before = known_browser_hash()
    if before is None:
        return
    session[BROWSER] = hashes.new_secret()
    for model in (Handshake, Newcomer):
        moved = update(model).where(model.browser_hash == before).values(browser_hash=browser_hash())
        db.session.execute(moved, execution_options={"synchronize_session": False})


def begin(
    kind: HandshakeKind, *, minutes: float, data: dict[str, Any] | None = None, key: str = "", user: User | None = None
) -> Handshake:
    """Begin something in this browser. Of one kind the browser keeps the ten newest; an equal `key` is replaced."""
    browser, now = browser_hash(), clock.now()
    key_hash = hashes.of_secret(key)
    mine = (Handshake.browser_hash == browser, Handshake.kind == kind)
    newest = select(Handshake.id).where(*mine).order_by(Handshake.id.desc()).offset(MOST - 1)
    db.session.execute(delete(Handshake).where(*mine, Handshake.key_hash == key_hash))
    too_many = list(db.session.scalars(newest))
    db.session.execute(delete(Handshake).where(Handshake.id.in_(too_many)))
    row = Handshake(
        user_id=user.id if user else None,
        browser_hash=browser,
        kind=kind,
        key_hash=key_hash,
        data=data or {},
        begun_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    db.session.add(row)
    return row


def find(kind: HandshakeKind, key: str = "") -> Handshake | None:
    """What this browser began, while it may still be finished."""
    return db.session.scalar(select(Handshake).where(*_mine(kind, key)))


def take(kind: HandshakeKind, key: str = "") -> dict[str, Any] | None:
    """Finish it: its data, once; whoever comes second, or from another browser, or too late, gets None."""
    return db.session.scalar(delete(Handshake).where(*_mine(kind, key)).returning(Handshake.data))


def count_try(kind: HandshakeKind, *, most: int, key: str = "") -> Handshake | None:
    """Count one try before it is judged; None when there is nothing to try, or it was tried `most` times."""
    return db.session.scalar(
        update(Handshake)
        .where(*_mine(kind, key), Handshake.tries < most)
        .values(tries=Handshake.tries + 1)
        .returning(Handshake)
    )


def _mine(kind: HandshakeKind, key: str) -> tuple[Any, ...]:
    return (
        Handshake.browser_hash == (known_browser_hash() or ""),
        Handshake.kind == kind,
        Handshake.key_hash == hashes.of_secret(key),
        Handshake.expires_at > clock.now(),
    )
