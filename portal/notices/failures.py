"""Letters that did not arrive, by reason and one by one, and the people who can be reached by phone instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, cast, func, literal_column, select

from portal.accounts.models import User
from portal.audit import chain
from portal.core.database import db
from portal.notices.composing.audience import masked
from portal.notices.models import NOT_SENT, Delivery, DeliveryState, Notice

PAGE = 50
CALLS_PAGE = 25
LOST = (DeliveryState.FAILED, DeliveryState.BOUNCED)
NOT_REACHED = (*LOST, DeliveryState.SUPPRESSED)

# By status (RFC 3463) or, from the server's own answer, by code (RFC 5321, 4.2.3); the longest that fits.
REASONS: dict[str, LazyString] = {
    "5.1.1": _l("No such mailbox"),
    "5.1.2": _l("No such mail domain"),
    "5.1.10": _l("The domain takes no mail"),
    "5.2.1": _l("The mailbox is switched off"),
    "5.2.2": _l("The mailbox is full"),
    "5.2": _l("Something is wrong with the mailbox"),
    "5.1": _l("The address is wrong"),
    "5.3": _l("The receiving mail system cannot take it"),
    "5.4": _l("The receiving mail server cannot be reached"),
    "5.7": _l("Refused by the receiver's rules, as spam perhaps"),
    "4": _l("Put off again and again until we gave up"),
    "550": _l("No such mailbox, or refused by the receiver's rules"),
    "551": _l("The mailbox has moved"),
    "552": _l("The mailbox is full"),
    "553": _l("The address is wrong"),
    "554": _l("Refused by the receiving mail server"),
    "5": _l("Refused by the receiving mail server"),
}
UNSAID = _l("No reason was given")


@dataclass(frozen=True)
class Reason:
    """Why letters did not arrive, in words and as the server said it, and how many."""

    words: LazyString
    code: str
    number: int


def in_words(code: str) -> LazyString:
    """A status or an answer's code for people."""
    fitting = [key for key in REASONS if code == key or (code.startswith(key) and _is_class(key, code))]
    return REASONS[max(fitting, key=len)] if fitting else UNSAID


def _is_class(key: str, code: str) -> bool:
    return len(key) == 1 or code.startswith(f"{key}.")


def reasons(notice_id: UUID) -> list[Reason]:
    """The reasons, the most frequent first."""
    found = db.session.execute(
        select(_code(), func.count())
        .where(Delivery.notice_id == notice_id, NOT_SENT, Delivery.state.in_(LOST))
        .group_by(_code())
        .order_by(func.count().desc(), _code())
    )
    return [Reason(in_words(code), code, number) for code, number in found]


def _code() -> Any:
    """What a report or the server said; constants stand in the SQL, so that PostgreSQL sees one expression twice."""
    nothing: Any = literal_column("''")
    return func.coalesce(func.nullif(Delivery.bounce, nothing), cast(Delivery.answer, String), nothing)


@dataclass(frozen=True)
class Lost:
    """A letter that did not arrive: its delivery, a masked address, why."""

    id: int
    address: str
    words: LazyString
    code: str


def lost(notice_id: UUID, *, code: str | None = None, after: int = 0) -> tuple[list[Lost], bool]:
    """A page of letters that did not arrive, of one reason or of all; and whether there are more."""
    wanted = select(Delivery.id, User.email, _code()).join(User, Delivery.user_id == User.id)
    wanted = _page(wanted, notice_id, LOST, after, PAGE)
    if code is not None:
        wanted = wanted.where(_code() == code)
    found = [Lost(number, masked(email), in_words(why), why) for number, email, why in db.session.execute(wanted)]
    return found[:PAGE], len(found) > PAGE


def _page(wanted: Any, notice_id: UUID, states: Sequence[DeliveryState], after: int, size: int) -> Any:
    mine = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state.in_(states), Delivery.id > after]
    return wanted.where(*mine).order_by(Delivery.id).limit(size + 1)


@dataclass(frozen=True)
class Call:
    """Somebody whom no letter reached, with a phone on file."""

    id: int
    name: str
    phone: str


def calls(notice_id: UUID, *, after: int = 0) -> tuple[list[Call], bool]:
    """A page of those to reach by phone, masked; and whether there are more."""
    people, more = _to_call(notice_id, after)
    return [Call(number, _masked_name(user.full_name), _masked_phone(user.phone)) for number, user in people], more


def open_calls(notice: Notice, *, after: int, by: User, reason: str) -> tuple[list[Call], bool]:
    """The same page with names and numbers; each person opened is on record, with the digest of the reason."""
    people, more = _to_call(notice.id, after)
    for _number, user in people:
        chain.record("notice.call-opened", subject=user, actor_id=by.id, customer_id=user.customer_id, reason=reason)
    return [Call(number, user.full_name, user.phone) for number, user in people], more


def how_many_calls(notice_id: UUID) -> int:
    """How many people of a notice can be reached by phone instead."""
    mine = [Delivery.notice_id == notice_id, NOT_SENT, Delivery.state.in_(NOT_REACHED), User.phone != ""]
    counted = select(func.count()).select_from(Delivery).join(User, Delivery.user_id == User.id).where(*mine)
    return db.session.scalar(counted) or 0


def _to_call(notice_id: UUID, after: int) -> tuple[list[tuple[int, User]], bool]:
    wanted = select(Delivery.id, User).join(User, Delivery.user_id == User.id).where(User.phone != "")
    found = db.session.execute(_page(wanted, notice_id, NOT_REACHED, after, CALLS_PAGE)).all()
    return [(number, user) for number, user in found[:CALLS_PAGE]], len(found) > CALLS_PAGE


def _masked_name(name: str) -> str:
    return " ".join(f"{part[:1]}•••" for part in name.split())


def _masked_phone(phone: str) -> str:
    return f"{phone[:3]} ••• ••• {phone[-2:]}"
