"""Announcing, submitting, approving, pausing, going on and cancelling: each a small change of state that lanes obey.

Every step holds the notice before it looks at its state; so of two who act at once, or of two clicks, one acts and the
other is told that the notice has moved on.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, delete

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.notices.composing import approval, audience
from portal.notices.composing.approval import ALONE_UP_TO as ALONE_UP_TO
from portal.notices.engine import canary, claiming, holding
from portal.notices.engine.holding import locked as locked
from portal.notices.engine.skeleton import Lines, Skeleton
from portal.notices.models import Delivery, Lane, Notice, NoticeKind, NoticeState, NoticeText

LANES = 16
"""Streams of a large notice: as many as several machines can work on side by side."""

RECIPIENTS_PER_LANE = 500


class NotPossible(Exception):
    """The notice is in a state from which this step does not lead on."""


class NeedsAnother(Exception):
    """Who wrote it cannot approve it, nor can who does not hold the feature of its kind."""


class NobodyToReach(Exception):
    """The notice's audience is empty."""


LinesByLocale = Mapping[str, Lines]


def announce(
    policy_version_id: UUID,
    letter: str,
    words: Mapping[str, Skeleton],
    *,
    by: User | None,
    lines: LinesByLocale | None = None,
    concerns: ColumnElement[int] | None = None,
) -> Notice:
    """Write the notice and everyone's delivery; `by` is None on the command line, where the typing is the approval.

    `concerns` is the bit mask of each reader's `lines` (default: those of the skeletons), computed where the
    deliveries are written. Beyond 1,000 recipients a second person starts it, or ten minutes where nobody else could.
    The database refuses a second notice of the same version.
    """
    notice = Notice(
        kind=NoticeKind.POLICY,
        letter=letter,
        policy_version_id=policy_version_id,
        created_by_id=by.id if by else None,
    )
    db.session.add(notice)
    db.session.flush()
    for locale, skeleton in words.items():
        kept = {"subject": skeleton.subject, "text": list(skeleton.text), "html": list(skeleton.html)}
        concerning = [dict(line) for line in (lines or {}).get(locale, skeleton.lines)]
        db.session.add(NoticeText(notice_id=notice.id, locale=locale, lines=concerning, **kept))
    _let_go(notice, audience.write(notice, concerns=concerns), is_typed=by is None)
    return notice


def submit(notice: Notice, *, by: User) -> None:
    """A draft, its texts composed, goes out: at once, or when a second person approves it.

    Raises NotPossible, NobodyToReach.
    """
    _must_be(notice, NoticeState.DRAFT)
    recipients = audience.write(notice)
    if not recipients:
        raise NobodyToReach
    _let_go(notice, recipients)
    chain.record("notice.submitted", subject=notice, actor_id=by.id)


def _let_go(notice: Notice, recipients: int, *, is_typed: bool = False) -> None:
    for number in range(min(LANES, 1 + recipients // RECIPIENTS_PER_LANE)):
        db.session.add(Lane(notice_id=notice.id, number=number))
    if is_typed or recipients <= ALONE_UP_TO:
        _start(notice)
        return
    notice.state = NoticeState.AWAITING_APPROVAL
    if approval.can_anyone(notice):
        return
    notice.starts_by_itself_at = clock.now() + approval.WAIT_ALONE
    for lane in holding.lanes(notice.id):
        lane.promise(at=notice.starts_by_itself_at)


def _start(notice: Notice) -> None:
    notice.state = canary.first_state(notice)
    notice.started_at = notice.started_at or clock.now()
    holding.wake(notice.id)


def take_back(notice: Notice, *, by: User) -> None:
    """What waits for approval becomes a draft again, to be changed; nobody has been written to. Raises NotPossible."""
    _must_be(notice, NoticeState.AWAITING_APPROVAL)
    if notice.kind == NoticeKind.POLICY:
        raise NotPossible
    for model in (Delivery, Lane):
        db.session.execute(delete(model).where(model.notice_id == notice.id), execution_options=claiming.UNSEEN)
    notice.state, notice.starts_by_itself_at = NoticeState.DRAFT, None
    chain.record("notice.taken-back", subject=notice, actor_id=by.id)


def approve(notice: Notice, *, by: User) -> None:
    """A second person lets the letters go.

    Raises NotPossible, NeedsAnother.
    """
    _must_be(notice, NoticeState.AWAITING_APPROVAL)
    if not approval.may_approve(notice, by):
        raise NeedsAnother
    notice.approved_by_id, notice.starts_by_itself_at = by.id, None
    _start(notice)
    chain.record("notice.approved", subject=notice, actor_id=by.id)


def start_by_itself(notice: Notice) -> None:
    """The ten minutes of somebody who has no second person are over."""
    _start(notice)
    chain.record("notice.started-alone", subject=notice, actor_id=notice.created_by_id)


def pause(notice: Notice, *, by: User) -> None:
    """Lanes stop after the letter they are at. Raises NotPossible."""
    _must_be(notice, *holding.RUNNING)
    notice.state = NoticeState.PAUSED
    chain.record("notice.paused", subject=notice, actor_id=by.id)


def resume(notice: Notice, *, by: User) -> None:
    """Go on where it stopped; what came back so far has been seen, and pauses it no more. Raises NotPossible."""
    _must_be(notice, NoticeState.PAUSED)
    notice.forgiven, notice.paused_by_itself = canary.returned(notice.id), False
    _start(notice)
    chain.record("notice.resumed", subject=notice, actor_id=by.id)


def cancel(notice: Notice, *, by: User) -> None:
    """Nobody else gets the letter: lanes put down what they hold and cancel what is left. Raises NotPossible."""
    _must_be(notice, NoticeState.AWAITING_APPROVAL, NoticeState.PAUSED, *holding.RUNNING)
    notice.state, notice.ended_at = NoticeState.CANCELLED, clock.now()
    claiming.cancel_some(notice.id)
    holding.wake(notice.id)
    chain.record("notice.cancelled", subject=notice, actor_id=by.id)


def _must_be(notice: Notice, *states: NoticeState) -> None:
    """Hold the notice, and read it as it stands now."""
    if locked(notice.id) is None or notice.state not in states:
        raise NotPossible
