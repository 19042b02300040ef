"""The first letters on trial, and an eye on what comes back for as long as a sending goes on (docs/decisions/0026)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select

from portal.audit import chain
from portal.core import clock
from portal.core.database import db, reading
from portal.core.leases import Lease
from portal.notices.engine import holding
from portal.notices.models import NOT_SENT, Delivery, DeliveryState, Lane, Notice, NoticeKind, NoticeState

log = structlog.get_logger(__name__)

TRIAL = 50
"""Letters that leave before the others, by one lane."""

WAIT = timedelta(minutes=2)
"""How long reports about the trial are waited for."""

LEAST = 3
ONE_IN = 20
"""A sending pauses when LEAST letters or more, and one in ONE_IN of those tried, were refused or came back."""

RETURNED = (DeliveryState.FAILED, DeliveryState.BOUNCED)
TRIED = (DeliveryState.SENT, DeliveryState.POSSIBLE_DUPLICATE, *RETURNED)

_calm: dict[UUID, int] = {}
"""How many may have come back of a notice before its letters need counting again: what was tried only grows."""


@dataclass(frozen=True)
class Report:
    """How those tried so far fared; `is_alarming` is what pauses every notice but a policy's."""

    tried: int
    returned: int
    is_alarming: bool


def first_state(notice: Notice) -> NoticeState:
    """The state in which letters start to leave, or go on. A change of policy is never held back (DECISIONS 20)."""
    is_over = notice.canary_ends_at is not None and notice.canary_ends_at <= clock.now()
    if notice.kind == NoticeKind.POLICY or is_over or _count(notice.id, tuple(DeliveryState)) <= TRIAL:
        return NoticeState.SENDING
    return NoticeState.CANARY


def room(lease: Lease, notice: Notice) -> int:
    """How many letters this lane may take while the notice, which is held, is on trial.

    Begins the wait after the last of them.
    """
    if notice.canary_ends_at is not None or db.session.scalar(select(Lane.number).where(Lane.id == lease.id)) != 0:
        return 0
    left = TRIAL - _on_trial(notice.id)
    if left <= 0:
        await_reports(notice)
    return max(0, left)


def _on_trial(notice_id: UUID) -> int:
    under_way = _count(notice_id, (*TRIED, DeliveryState.SENDING))
    put_off = [
        Delivery.notice_id == notice_id,
        NOT_SENT,
        Delivery.state == DeliveryState.QUEUED,
        Delivery.retry_at.is_not(None),
    ]
    was_tried = or_(Delivery.attempts > 0, Delivery.soft_bounces > 0)
    deferred = select(func.count()).select_from(Delivery).where(*put_off, was_tried)
    return under_way + (db.session.scalar(deferred) or 0)


def await_reports(notice: Notice) -> None:
    """All of the trial is out: the others wait for what comes back. The notice is held."""
    notice.canary_ends_at = notice.canary_ends_at or clock.now() + WAIT


def end_trial(notice: Notice) -> None:
    """The wait is over, where it is: the sending goes on by itself, or pauses by itself. The notice is held."""
    if notice.canary_ends_at is None or notice.canary_ends_at > clock.now():
        return
    if _is_alarming(notice.id, notice.forgiven):
        _pause(notice)
        return
    notice.state = NoticeState.SENDING
    holding.wake(notice.id)


def look(lease: Lease, notice_id: UUID) -> NoticeState:
    """How the notice stands after a chunk, paused if too much comes back; commits. Raises LookupError."""
    with reading():
        must_pause = _must_pause(notice_id)
        state = db.session.scalar(select(Notice.state).where(Notice.id == notice_id))
        db.session.commit()
    if state is None:
        raise LookupError("a lane without its notice")
    if must_pause:
        state = note_bounces(notice_id)
        db.session.commit()
    return state


def note_bounces(notice_id: UUID) -> NoticeState:
    """Letters of this notice came back: pause it when they are too many. The caller commits. Raises LookupError."""
    must_pause = _must_pause(notice_id)
    notice = holding.locked(notice_id) if must_pause else db.session.get(Notice, notice_id)
    if notice is None:
        raise LookupError("letters without their notice")
    if must_pause and notice.state in holding.RUNNING:
        _pause(notice)
    return notice.state


def report(notice: Notice) -> Report:
    """For whoever watches: of every kind, those of a policy included."""
    return Report(_count(notice.id, TRIED), returned(notice.id), _is_alarming(notice.id, notice.forgiven))


def returned(notice_id: UUID) -> int:
    """How many letters were refused or came back."""
    return _count(notice_id, RETURNED)


def _must_pause(notice_id: UUID) -> bool:
    running = [Notice.id == notice_id, Notice.kind != NoticeKind.POLICY, Notice.state.in_(holding.RUNNING)]
    forgiven = db.session.scalar(select(Notice.forgiven).where(*running))
    return forgiven is not None and _is_alarming(notice_id, forgiven)


def _is_alarming(notice_id: UUID, forgiven: int) -> bool:
    """Counts what was tried only when it could matter: cheap at a million letters."""
    bad = returned(notice_id) - forgiven
    if bad < LEAST or bad <= _calm.get(notice_id, 0):
        return False
    tried = _count(notice_id, TRIED)
    _calm[notice_id] = (tried - 1) // ONE_IN
    return bad * ONE_IN >= tried


def _pause(notice: Notice) -> None:
    notice.state, notice.paused_by_itself = NoticeState.PAUSED, True
    chain.record("notice.paused-by-itself", subject=notice)
    log.warning("notice.paused-by-itself", notice=str(notice.id))


def _count(notice_id: UUID, states: tuple[DeliveryState, ...]) -> int:
    """How many deliveries of a notice are in these states; the sent ones are what is left of all."""
    counted = select(func.count()).select_from(Delivery).where(Delivery.notice_id == notice_id)
    if DeliveryState.SENT not in states:
        return db.session.scalar(counted.where(NOT_SENT, Delivery.state.in_(states))) or 0
    others = db.session.scalar(counted.where(NOT_SENT, Delivery.state.not_in(states))) or 0
    return (db.session.scalar(counted) or 0) - others
