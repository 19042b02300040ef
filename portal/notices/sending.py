"""A lane at work: one letter after another over one line, each acceptance committed before the next one leaves."""

from datetime import timedelta
from email.errors import MessageError
from uuid import UUID

from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Duty, Lease, LeaseLost, TryLater, is_due
from portal.core.steps import reached
from portal.extensions import settings
from portal.mailer import carrier
from portal.notices import claiming, marking, service
from portal.notices.models import Lane, Notice, NoticeState, NoticeText
from portal.notices.skeleton import Skeleton
from portal.notices.wire import AnswerLost, Line, Refused, line
from portal.work import doorbell

HOLD_EVERY = timedelta(seconds=1)
LOST_IN_A_ROW = 3
LONGEST_BACKOFF = 300
NAME_NOT_ALLOWED = 553
"""The mailbox's name is not allowed (RFC 5321, 4.2.3)."""


def send(lease: Lease, by: Line) -> None:
    """Work on one lane until its notice has nothing more to send, or somebody stops it."""
    lane = db.session.get_one(Lane, lease.id, populate_existing=True)
    marking.recover(lane.id)
    notice = _now_due(lane.notice_id)
    db.session.commit()
    if notice.state == NoticeState.SENDING:
        _call_other_lanes()
        Sending(lease, notice, by).work()
    _end(lease, notice.id)


def _now_due(notice_id: UUID) -> Notice:
    notice = service.locked(notice_id)
    if notice is None:
        raise LookupError("a lane without its notice")
    alone_at = notice.starts_by_itself_at
    if notice.state == NoticeState.AWAITING_APPROVAL and alone_at and alone_at <= clock.now():
        service.start_by_itself(notice)
    return notice


def _call_other_lanes() -> None:
    """A bell wakes one thread, which takes one lane; so the first to come rings for the next."""
    waiting = db.session.scalar(select(Lane.id).where(is_due(Lane, clock.now())).limit(1))
    db.session.commit()
    if waiting is not None:
        doorbell.ring(Lane.__tablename__)


class Sending:
    """One run of one lane."""

    def __init__(self, lease: Lease, notice: Notice, by: Line) -> None:
        self.lease, self.notice, self.line = lease, notice, by
        self.state = notice.state
        self.held_at = clock.now()
        self.lost_in_a_row = 0
        texts = db.session.scalars(select(NoticeText).where(NoticeText.notice_id == notice.id))
        self.words = {t.locale: Skeleton(t.subject, t.text, t.html) for t in texts}
        db.session.commit()

    def work(self) -> None:
        """Chunk after chunk. Whatever this lane still holds when it stops with a clear head, it puts down."""
        try:
            while self.state == NoticeState.SENDING and (chunk := claiming.claim(self.lease, self.notice.id)):
                self.held_at = clock.now()
                reached("notice.claimed")
                self._send_all(chunk)
        except (LeaseLost, TryLater):
            claiming.put_down(self.lease)
            raise
        claiming.put_down(self.lease)

    def _send_all(self, chunk: list[claiming.Held]) -> None:
        for held in chunk:
            if self.state != NoticeState.SENDING:
                return
            self._hold_on()
            stands = self._send(held)
            self.state = stands or self._look_again()

    def _send(self, held: claiming.Held) -> NoticeState | None:
        try:
            content = self._compose(held)
            self.line.offer(held.address)
            reached("notice.offered")
            self._hold_on()
            self.line.hand_over(content)
        except Refused as refused:
            return marking.mark_refused(held, refused.code)
        except (ValueError, MessageError):  # no message can be addressed like that, and it must not stop the others
            return marking.mark_refused(held, NAME_NOT_ALLOWED)
        except AnswerLost as lost:
            return self._doubt(held, lost)
        reached("notice.accepted")
        self.lost_in_a_row = 0
        stands = marking.mark_accepted(held)
        reached("notice.marked")
        return stands

    def _doubt(self, held: claiming.Held, lost: AnswerLost) -> NoticeState | None:
        stands = marking.mark_doubtful(held)
        self.lost_in_a_row += 1
        if self.lost_in_a_row >= LOST_IN_A_ROW:
            raise TryLater from lost
        return stands

    def _compose(self, held: claiming.Held) -> bytes:
        words = self.words.get(held.locale) or self.words[settings().default_locale]
        text, html = words.for_reader({"full_name": held.full_name})
        message = carrier.compose(
            to=held.address,
            subject=words.subject,
            text=text,
            html=html,
            headers={"X-Portal-Letter": self.notice.letter},
            message_id=f"notice-{self.notice.id}-{held.id}",
        )
        return bytes(message.as_bytes())

    def _hold_on(self) -> None:
        if clock.now() - self.held_at >= HOLD_EVERY:
            self.lease.renew(attempts=0)
            self.held_at = clock.now()

    def _look_again(self) -> NoticeState:
        """The row went away under the letter: with its person, or to another lane, which ends this run."""
        self.lease.renew()
        return self.state


def _end(lease: Lease, notice_id: UUID) -> None:
    """Settle, with the notice held, when this lane is needed again; the last lane ends the notice."""
    notice = service.locked(notice_id)
    if notice is None:
        raise LookupError("a lane without its notice")
    again_at = None
    if notice.state == NoticeState.CANCELLED:
        claiming.cancel_queued(notice_id)
    elif notice.state == NoticeState.AWAITING_APPROVAL:
        again_at = notice.starts_by_itself_at
    elif notice.state == NoticeState.SENDING:
        again_at = claiming.next_due(notice_id)
        if again_at is None and not claiming.is_any_under_way(notice_id):
            notice.state, notice.ended_at = NoticeState.DONE, clock.now()
    lease.complete(again_at=again_at)
    db.session.commit()
    reached("notice.lane-done")


def backoff(attempts: int) -> timedelta:
    """One second, doubled with each attempt in vain, at most five minutes: letters wait while the server is down."""
    return timedelta(seconds=min(2 ** max(0, attempts - 1), LONGEST_BACKOFF))


DUTY = Duty(model=Lane, perform=send, around=line, lease_seconds=20, max_attempts=2_000, backoff=backoff)
