"""Closing an account, changing one's mind, and having it over with (DECISIONS 9, 10; clauses 8.2, 9.1)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import CursorResult, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts import links
from portal.accounts.models import Customer, Kind, LinkPurpose, MailedLink, Role, User
from portal.accounts.service import other_admins
from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db, new_id
from portal.core.features import Feature
from portal.erasure import emails
from portal.erasure.models import OPEN, Closing, ClosingReason, Scope, State
from portal.extensions import settings

CODE_LENGTH = 32  # hexadecimal digits: 128 bits
CODE = re.compile(rf"[0-9a-f]{{{CODE_LENGTH}}}")
SOON_SHARE = 10  # "erasing-soon" is the last tenth of the days: three of thirty


class NotYours(Exception):
    """Closing a customer, or undoing that, needs an Admin User or the feature CUSTOMER_CLOSE."""


class LastAdmin(Exception):
    """The last Admin User of an organisation cannot leave alone: hand over, or close the customer."""


class SmartosStays(Exception):
    """Smartos itself cannot be closed from the inside, nor left by its last Admin User."""


class AlreadyClosing(Exception):
    """There is a closing under way."""


class NotClosing(Exception):
    """There is nothing to undo or to hasten."""


class TooLate(Exception):
    """The moment has passed, and the erasure has begun or is about to."""


@dataclass(frozen=True)
class Standing:
    """Where a closing stands, in the words of the contract: `state`, and whole days left (rounded up)."""

    state: str
    days_left: int


def scopes(user: User) -> list[Scope]:
    """What this person may close, most modest first."""
    if user.customer.is_smartos:
        return [Scope.ME]
    if _is_whole_customer(user):
        return [Scope.CUSTOMER]
    return [Scope.ME, Scope.CUSTOMER] if user.may(Feature.CUSTOMER_CLOSE) else [Scope.ME]


def _is_whole_customer(user: User) -> bool:
    """An individual is their own customer; who only helps an individual is not."""
    return user.customer.kind == Kind.INDIVIDUAL and user.is_admin


def must_stay(user: User) -> bool:
    """Whether this is the last Admin User of an organisation, who cannot leave alone."""
    return user.is_admin and not _is_whole_customer(user) and other_admins(user) == 0


def close(user: User, scope: Scope, reason: str) -> Closing:
    """Start the days of grace. Everyone concerned becomes read-only and gets a letter.

    Raises NotYours, LastAdmin, SmartosStays, AlreadyClosing.
    """
    _lock(user.customer_id)
    if user.is_closing:
        raise AlreadyClosing
    if scope == Scope.ME and _is_whole_customer(user):
        scope = Scope.CUSTOMER
    _check_allowed(user, scope)
    closing = _begin(user, scope)
    if reason:
        db.session.add(ClosingReason(user_id=user.id, closing_id=closing.id, reason=reason))
    _mark(closing, closing.closed_at)
    for person in affected(closing):
        _tell_closing(person, closing, by=user)
    _note("closing.asked", closing, by=user)
    return closing


def _lock(customer_id: UUID) -> None:
    """One at a time within a customer: two last Admin Users must not leave at once."""
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    db.session.expire_all()


def _check_allowed(user: User, scope: Scope) -> None:
    if user.customer.is_smartos and (scope == Scope.CUSTOMER or must_stay(user)):
        raise SmartosStays
    if scope == Scope.CUSTOMER and not _is_whole_customer(user) and not user.may(Feature.CUSTOMER_CLOSE):
        raise NotYours
    if scope == Scope.ME and must_stay(user):
        raise LastAdmin


def _begin(user: User, scope: Scope) -> Closing:
    now, closing_id = clock.now(), new_id()
    erase_at = now + timedelta(days=settings().retention_days)
    closing = Closing(
        id=closing_id,
        scope=scope,
        customer_id=user.customer_id,
        user_id=user.id if scope == Scope.ME else None,
        asked_by=user.id,
        code=code_of(closing_id),
        closed_at=now,
        erase_at=erase_at,
    )
    closing.promise(at=erase_at)
    db.session.add(closing)
    try:
        db.session.flush()
    except IntegrityError:
        raise AlreadyClosing from None
    return closing


def code_of(closing_id: UUID) -> str:
    """The code of the status page and the receipt: a keyed hash, so a replay finds the same one again."""
    return hashes.keyed("receipt-code", str(closing_id))[:CODE_LENGTH]


def _mark(closing: Closing, since: datetime | None) -> None:
    model: Any = Customer if closing.scope == Scope.CUSTOMER else User
    db.session.execute(update(model).where(model.id == closing.root_id).values(closing_since=since))


def affected(closing: Closing) -> list[User]:
    """The people whose accounts go with this closing."""
    whose = User.customer_id == closing.customer_id
    if closing.scope == Scope.ME:
        whose = User.id == closing.user_id
    return list(db.session.scalars(select(User).where(whose).order_by(User.id)))


def _tell_closing(person: User, closing: Closing, *, by: User) -> None:
    secret = None
    if may_undo(person, closing):
        secret, _ = links.issue(person, LinkPurpose.UNDO_CLOSING, hours=settings().retention_days * 24)
    with force_locale(person.locale):
        emails.closing(person, closing, secret=secret, is_by_you=person.id == by.id)


def may_undo(user: User, closing: Closing) -> bool:
    """One's own closing, or, for an Admin User, that of the customer."""
    if closing.scope == Scope.ME:
        return closing.user_id == user.id
    return closing.customer_id == user.customer_id and (user.role == Role.ADMIN or user.may(Feature.CUSTOMER_CLOSE))


def current(user: User) -> Closing | None:
    """The open closing that concerns this person; of two the one that ends first."""
    mine = and_(Closing.scope == Scope.ME, Closing.user_id == user.id)
    ours = and_(Closing.scope == Scope.CUSTOMER, Closing.customer_id == user.customer_id)
    query = select(Closing).where(Closing.state.in_(OPEN), or_(mine, ours)).order_by(Closing.erase_at)
    return db.session.scalars(query.limit(1)).first()


def undo(user: User) -> Closing:
    """Everything stays as it was. Against a purge that starts at the same instant one wins, never both.

    Raises NotClosing, NotYours, TooLate.
    """
    closing = current(user)
    if closing is None:
        raise NotClosing
    if not may_undo(user, closing):
        raise NotYours
    now = clock.now()
    _take(closing, now, state=State.UNDONE, undone_at=now, due_at=None, leased_until=None, leased_by=None)
    _mark(closing, None)
    people = affected(closing)
    _drop_traces(closing, people)
    for person in people:
        with force_locale(person.locale):
            emails.undone(person, closing)
    _note("closing.undone", closing, by=user)
    return closing


def hasten(user: User) -> Closing:
    """No more days of grace: the erasure starts now.

    Raises NotClosing, NotYours, TooLate.
    """
    closing = current(user)
    if closing is None:
        raise NotClosing
    if not may_undo(user, closing):
        raise NotYours
    now = clock.now()
    _take(closing, now, erase_at=now, due_at=now)
    _note("closing.hastened", closing, by=user)
    return closing


def _take(closing: Closing, now: datetime, **values: Any) -> None:
    """Change a closing only while its days of grace last: the database decides who was first."""
    statement = update(Closing).where(Closing.id == closing.id, Closing.state == State.PENDING, Closing.erase_at > now)
    taken = cast(CursorResult[Any], db.session.execute(statement.values(**values)))
    if taken.rowcount != 1:
        raise TooLate
    db.session.refresh(closing)


def _drop_traces(closing: Closing, people: list[User]) -> None:
    ids = [person.id for person in people]
    db.session.execute(delete(ClosingReason).where(ClosingReason.closing_id == closing.id))
    db.session.execute(
        delete(MailedLink).where(MailedLink.user_id.in_(ids), MailedLink.purpose == LinkPurpose.UNDO_CLOSING)
    )


def _note(act: str, closing: Closing, *, by: User) -> None:
    chain.record(act, subject=closing, actor_id=by.id, customer_id=closing.customer_id)


def by_link(secret: str) -> tuple[User, Closing | None] | None:
    """Who a mailed undo link belongs to, and what it would undo; looking changes nothing."""
    found = links.find(secret, LinkPurpose.UNDO_CLOSING)
    return None if found is None else (found[1], current(found[1]))


def by_code(code: str) -> Closing | None:
    """The closing behind a status code."""
    if not CODE.fullmatch(code):
        return None
    return db.session.scalar(select(Closing).where(Closing.code == code))


def standing(closing: Closing | None) -> Standing:
    """Where it stands now."""
    if closing is None or closing.state == State.UNDONE:
        return Standing("none", 0)
    if closing.state != State.PENDING:
        return Standing(closing.state.value, 0)
    left = max(closing.erase_at - clock.now(), timedelta())
    soon = (closing.erase_at - closing.closed_at) / SOON_SHARE
    return Standing("erasing-soon" if left <= soon else "pending", days_left(closing.erase_at))


def days_left(until: datetime) -> int:
    """Whole days until then, a begun one counted: 30 right after closing, 1 on the last day."""
    left = (until - clock.now()).total_seconds()
    return max(0, -int(-left // 86400))
