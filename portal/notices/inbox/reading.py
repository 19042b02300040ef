"""The notices sent to one person, as they read them in the portal: newest first, unread until opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import g
from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind, NoticeState, NoticeText

PAGE_SIZE = 20
ARRIVED = (DeliveryState.SENT, DeliveryState.POSSIBLE_DUPLICATE, DeliveryState.BOUNCED)
NOT_ARRIVED = (DeliveryState.FAILED, DeliveryState.SUPPRESSED)
ON_ITS_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)
GOING_OUT = (NoticeState.CANARY, NoticeState.SENDING, NoticeState.PAUSED, NoticeState.DONE)


@dataclass(frozen=True)
class Entry:
    """One notice in the list."""

    notice_id: UUID
    subject: str
    letter: str
    state: DeliveryState
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Unread:
    """How many notices wait to be read; advertising counts in `all` only, and gets no banner."""

    all: int = 0
    service: int = 0
    policy: int = 0


def _is_shown() -> ColumnElement[bool]:
    """Whether a delivery stands in its reader's inbox; Notice is joined.

    A new policy is public already, so its notice is there before the letter. What is about the service is there once
    its letter went out or could not; advertising only where a letter arrived, never instead of one.
    """
    policy = and_(
        Notice.kind == NoticeKind.POLICY,
        Notice.state.in_(GOING_OUT),
        Delivery.state.in_(ON_ITS_WAY),
    )
    service = and_(
        Notice.kind != NoticeKind.CAMPAIGN,
        Notice.started_at.is_not(None),  # who is held back is written down before anybody has approved
        Delivery.state.in_(NOT_ARRIVED),
    )
    return or_(Delivery.state.in_(ARRIVED), service, policy)


def entries(user: User, *, locale: str, before: UUID | None = None) -> tuple[list[Entry], bool]:
    """One page of a person's notices after the notice `before`, and whether there are older ones; one statement."""
    query = (
        select(
            Delivery.notice_id,
            _subject(locale),
            Delivery.letter,
            Delivery.state,
            func.coalesce(Delivery.sent_at, Delivery.queued_at),
            Delivery.read_at,
        )
        .join(Notice, Delivery.notice_id == Notice.id)
        .where(Delivery.user_id == user.id, _is_shown())
        .order_by(Delivery.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        mine = and_(Delivery.user_id == user.id, Delivery.notice_id == before)
        query = query.where(Delivery.id < select(Delivery.id).where(mine).scalar_subquery())
    rows = [Entry(*row) for row in db.session.execute(query)]
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def _subject(locale: str) -> ColumnElement[str]:
    """In the reader's language; in the other one where a notice has no other."""
    texts = select(NoticeText.subject).where(NoticeText.notice_id == Delivery.notice_id)
    return texts.order_by(NoticeText.locale != locale).limit(1).correlate(Delivery).scalar_subquery()


def find(user: User, notice_id: UUID, *, locale: str) -> tuple[Delivery, Notice, NoticeText] | None:
    """One notice that was sent to this person, with its words; None for everybody else's. One statement."""
    row = db.session.execute(
        select(Delivery, Notice, NoticeText)
        .join(Notice, Delivery.notice_id == Notice.id)
        .join(NoticeText, NoticeText.notice_id == Notice.id)
        .where(Delivery.user_id == user.id, Delivery.notice_id == notice_id, _is_shown())
        .order_by(NoticeText.locale != locale)
        .limit(1)
    ).one_or_none()
    return cast("tuple[Delivery, Notice, NoticeText] | None", row)


def mark_read(delivery_id: int) -> None:
    """The person opened it; the first time is kept."""
    opened = update(Delivery).where(Delivery.id == delivery_id, Delivery.read_at.is_(None))
    db.session.execute(opened.values(read_at=clock.now()), execution_options={"synchronize_session": False})


def counting(user_id: Any) -> Subquery:
    """One row of three numbers, to be joined into a statement that every page asks anyway."""
    kinds = (NoticeKind.SERVICE, NoticeKind.POLICY)
    return (
        select(
            func.count().label("all"),
            *(func.count(case((Notice.kind == kind, 1))).label(kind.value) for kind in kinds),
        )
        .select_from(Delivery)
        .join(Notice, Delivery.notice_id == Notice.id)
        .where(Delivery.user_id == user_id, Delivery.read_at.is_(None), _is_shown())
        .subquery("unread")
    )


def note_unread(found: Sequence[int], *, policy_is_told: bool) -> None:
    """What a statement with `counting` found, for the rest of the request.

    `policy_is_told`: the page tells of the change of a policy by a banner of its own.
    """
    counted = Unread(*found)
    g.inbox_unread = replace(counted, policy=0) if policy_is_told else counted


def unread(user: User) -> Unread:
    """How many notices wait to be read; no statement where the page has asked already."""
    if "inbox_unread" not in g:
        note_unread(db.session.execute(select(counting(user.id))).one(), policy_is_told=False)
    return cast(Unread, g.inbox_unread)
