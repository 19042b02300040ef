"""Announcing, approving, pausing, going on and cancelling: each a small change of state that lanes obey."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from portal.notices import audience
from portal.notices.models import Delivery, DeliveryState, Lane, Notice, NoticeKind, NoticeState, NoticeText
from portal.notices.skeleton import Skeleton

ALONE_UP_TO = 1_000
"""Recipients that one person may write to by the interface without a second one (DECISIONS 20)."""

WAIT_ALONE = timedelta(minutes=10)
LANES = 4
RECIPIENTS_PER_LANE = 500


class NotPossible(Exception):
    """The notice is in a state from which this step does not lead on."""


class NeedsAnother(Exception):
    """Who announced it cannot approve it."""


Lines = Mapping[str, Sequence[Mapping[str, str]]]
"""What may concern a reader, by locale: each line as `text` and as `html`."""


def announce(
    policy_version_id: UUID,
    letter: str,
    words: Mapping[str, Skeleton],
    *,
    by: User | None,
    lines: Lines | None = None,
    concerns: ColumnElement[int] | None = None,
) -> Notice:
    """Write the notice and everyone's delivery; `by` is None on the command line, where the typing is the approval.

    `concerns` is the bit mask of each reader's `lines`, computed where the deliveries are written. Beyond 1,000
    recipients a second person starts it, or ten minutes where nobody else could.
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
        concerning = [dict(line) for line in (lines or {}).get(locale, ())]
        db.session.add(NoticeText(notice_id=notice.id, locale=locale, lines=concerning, **kept))
    recipients = audience.write(notice) if concerns is None else audience.write(notice, concerns=concerns)
    _let_go(notice, recipients, by)
    return notice


def submit(notice: Notice, *, by: User) -> None:
    """A draft goes out, or waits for a second person. Raises NotPossible."""
    _must_be(notice, NoticeState.DRAFT)
    _let_go(notice, audience.write(notice), by)
    chain.record("notice.submitted", subject=notice, actor_id=by.id)


def _let_go(notice: Notice, recipients: int, by: User | None) -> None:
    _open_lanes(notice, recipients)
    if by is None or recipients <= ALONE_UP_TO:
        _start(notice)
    else:
        _await_approval(notice, by)


def _open_lanes(notice: Notice, recipients: int) -> None:
    for number in range(min(LANES, 1 + recipients // RECIPIENTS_PER_LANE)):
        db.session.add(Lane(notice_id=notice.id, number=number))


def _await_approval(notice: Notice, by: User) -> None:
    notice.state = NoticeState.AWAITING_APPROVAL
    if audience.others_who_may(Feature.NOTICES, than=by):
        return
    notice.starts_by_itself_at = clock.now() + WAIT_ALONE
    for lane in _lanes(notice):
        lane.promise(at=notice.starts_by_itself_at)


def _start(notice: Notice) -> None:
    notice.state = NoticeState.SENDING
    notice.started_at = notice.started_at or clock.now()
    for lane in _lanes(notice):
        lane.promise()


def _lanes(notice: Notice) -> list[Lane]:
    return list(db.session.scalars(select(Lane).where(Lane.notice_id == notice.id).order_by(Lane.number)))


def locked(notice_id: UUID) -> Notice | None:
    """The notice, held against other changes of its state until this transaction ends."""
    return db.session.scalar(
        select(Notice).where(Notice.id == notice_id).with_for_update().execution_options(populate_existing=True)
    )


def approve(notice: Notice, *, by: User) -> None:
    """A second person lets the letters go.

    Raises NotPossible, NeedsAnother.
    """
    _must_be(notice, NoticeState.AWAITING_APPROVAL)
    if notice.created_by_id == by.id:
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
    _must_be(notice, NoticeState.SENDING)
    notice.state = NoticeState.PAUSED
    chain.record("notice.paused", subject=notice, actor_id=by.id)


def resume(notice: Notice, *, by: User) -> None:
    """Go on where it stopped. Raises NotPossible."""
    _must_be(notice, NoticeState.PAUSED)
    _start(notice)
    chain.record("notice.resumed", subject=notice, actor_id=by.id)


def cancel(notice: Notice, *, by: User) -> None:
    """Nobody else gets the letter; what lanes hold just now they put down themselves. Raises NotPossible."""
    _must_be(notice, NoticeState.AWAITING_APPROVAL, NoticeState.SENDING, NoticeState.PAUSED)
    notice.state, notice.ended_at = NoticeState.CANCELLED, clock.now()
    db.session.execute(
        update(Delivery)
        .where(Delivery.notice_id == notice.id, Delivery.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.CANCELLED)
    )
    for lane in _lanes(notice):
        lane.promise()
    chain.record("notice.cancelled", subject=notice, actor_id=by.id)


def _must_be(notice: Notice, *states: NoticeState) -> None:
    if notice.state not in states:
        raise NotPossible
