"""Giving and withdrawing consent: one entry of the ledger for each act that changes how a purpose stands."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from uuid import UUID

from flask import current_app
from flask_babel import get_locale
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import User
from portal.audit import chain
from portal.consents import standing, wording
from portal.consents.models import ConsentEntry, ConsentWay, ConsentWords
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db, new_id
from portal.core.language import LOCALES

Withdrawal = Callable[[User, ConsentPurpose], None]
LETTER_WAYS = (ConsentWay.UNSUBSCRIBE, ConsentWay.ONE_CLICK, ConsentWay.COMPLAINT)
"""Ways by which nobody is signed in, so that the record names no actor."""


def decide(
    user: User,
    purpose: ConsentPurpose,
    *,
    granted: bool,
    way: ConsentWay,
    page: str,
    locale: str | None = None,
) -> bool:
    """Note that `user` gives or withdraws (or refuses) a consent; False when it stands like that already.

    `page` is the path where the words stood, `locale` the language they were shown in (default: the request's).
    Withdrawing stops at once what the consent allowed: app.py hands down what that is (WITHDRAWALS).
    """
    if not _have_to_ourselves(user.id):
        return False
    newest = standing.of(user.id).get(purpose)
    if newest is not None and _says_the_same(newest, granted=granted):
        return False
    _append(user, purpose, newest, granted=granted, way=way, page=page, locale=locale or _locale())
    if not granted:
        _stop(user, purpose)
    return True


def _have_to_ourselves(user_id: UUID) -> bool:
    """Two tabs decide one after the other; False when the person was erased in between."""
    return db.session.scalar(select(User.id).where(User.id == user_id).with_for_update()) is not None


def _says_the_same(newest: ConsentEntry, *, granted: bool) -> bool:
    """Agreeing once more says something new only where the words have changed since."""
    return newest.granted == granted and (not granted or newest.version == wording.version(newest.purpose))


def _append(
    user: User,
    purpose: ConsentPurpose,
    newest: ConsentEntry | None,
    *,
    granted: bool,
    way: ConsentWay,
    page: str,
    locale: str,
) -> None:
    entry = ConsentEntry(
        id=_id_after(newest),
        user_id=user.id,
        purpose=purpose,
        granted=granted,
        at=clock.now(),
        way=way,
        page=page,
        locale=locale,
        version=wording.version(purpose),
        words_sha256=_kept(purpose, locale),
    )
    db.session.add(entry)
    db.session.flush()
    act = "consent.given" if granted else "consent.withdrawn"
    chain.record(act, subject=entry, actor_id=None if way in LETTER_WAYS else user.id)


def _id_after(newest: ConsentEntry | None) -> UUID:
    """Ids count up with the clock of each machine; what follows an entry comes after it whatever that clock says."""
    fresh = new_id()
    return fresh if newest is None or fresh > newest.id else UUID(int=newest.id.int + 1)


def _kept(purpose: ConsentPurpose, locale: str) -> str:
    """The digest of the words as they are shown today; the words themselves are kept when they are first used."""
    words = wording.of(purpose, locale)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"purpose": purpose, "version": wording.version(purpose), "locale": locale, "first_used_at": clock.now()}
    db.session.execute(
        insert(ConsentWords).values(sha256=words.sha256, **row, **asdict(words)).on_conflict_do_nothing()
    )
    return words.sha256


def _stop(user: User, purpose: ConsentPurpose) -> None:
    withdrawals: Sequence[Withdrawal] = current_app.extensions["withdrawals"]
    for stop in withdrawals:
        stop(user, purpose)


def _locale() -> str:
    locale = str(get_locale())
    return locale if locale in LOCALES else LOCALES[0]
