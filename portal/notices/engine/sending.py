"""A lane at work: one letter after another over one line, each acceptance written down before the next one leaves."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import zip_longest
from uuid import UUID

from sqlalchemy import select

from portal.consents import unsubscribing
from portal.core import clock
from portal.core.database import db
from portal.core.leases import Duty, Lease, LeaseLost, TryLater, is_due
from portal.core.steps import reached
from portal.extensions import settings
from portal.mailer import verp
from portal.notices import service
from portal.notices.engine import canary, claiming, holding, marking
from portal.notices.engine.acceptances import Acceptances
from portal.notices.engine.claiming import Held
from portal.notices.engine.moulds import Mould
from portal.notices.engine.skeleton import Skeleton
from portal.notices.engine.wire import AnswerLost, Envelope, Line, NoSuchAddress, Refused, line
from portal.notices.models import Lane, Notice, NoticeState, NoticeText
from portal.work import doorbell

HOLD_EVERY = timedelta(seconds=1)
LOST_IN_A_ROW = 3
LONGEST_BACKOFF = 300
LANES_AT_ONCE = 8
"""Lanes that one worker works on side by side: few enough that a second worker finds some left."""

NAME_NOT_ALLOWED = 553
"""The mailbox's name is not allowed (RFC 5321, 4.2.3)."""


def send(lease: Lease, by: Line) -> None:
    """Work on one lane until its notice has nothing more to send, or somebody stops it."""
    lane = db.session.get_one(Lane, lease.id, populate_existing=True)
    marking.recover(lane.id)
    notice = _now_due(lane.notice_id)
    db.session.commit()
    if notice.state in holding.RUNNING:
        _call_other_lanes()
        Sending(lease, notice, by).work()
    _end(lease, notice.id)


def _now_due(notice_id: UUID) -> Notice:
    notice = holding.locked(notice_id)
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


class Letter:
    """One delivery on its way; its envelope and its bytes are made when they are needed, once."""

    __slots__ = ("content", "envelope", "held", "is_eight_bit")

    def __init__(self, held: Held) -> None:
        self.held = held
        self.envelope: Envelope | None = None
        self.content: bytes | None = None
        self.is_eight_bit = False


class Sending:
    """One run of one lane."""

    def __init__(self, lease: Lease, notice: Notice, by: Line) -> None:
        self.lease, self.notice, self.line = lease, notice, by
        self.state = notice.state
        self.held_at = clock.now()
        self.lost_in_a_row = 0
        self.taken = Acceptances(lease.id, notice)
        self.unwritten: Held | None = None
        texts = db.session.scalars(select(NoticeText).where(NoticeText.notice_id == notice.id))
        self.moulds = {t.locale: Mould(notice, Skeleton(t.subject, t.text, t.html, t.lines)) for t in texts}
        db.session.commit()

    def work(self) -> None:
        """Chunk after chunk. Whatever this lane still holds when it stops with a clear head, it puts down."""
        try:
            self._work()
        except (LeaseLost, TryLater):
            self._stop()
            raise
        except marking.DATABASE_GONE as error:  # no letter was on its way, and what was accepted is known here
            self.taken.make_sure()
            self._stop()
            raise TryLater from error
        self._stop()

    def _work(self) -> None:
        while self.state in holding.RUNNING and (chunk := claiming.claim(self.lease, self.notice)):
            self.taken.forget()
            self.held_at = clock.now()
            reached("notice.claimed")
            self._send_all(chunk)
            self.taken.settle()
            if self.state in holding.RUNNING:
                self.state = canary.look(self.lease, self.notice.id)

    def _stop(self) -> None:
        self._write_down()
        self.taken.close()
        claiming.put_down(self.lease)

    def _send_all(self, chunk: Sequence[Held]) -> None:
        letters = [Letter(held) for held in chunk]
        mine = {held.id for held in chunk}
        for i, (letter, following) in enumerate(zip_longest(letters, letters[1:])):
            if clock.now() - self.held_at >= HOLD_EVERY:
                self._write_down()
                mine = self._hold_on(chunk[i:])
            if letter.held.id in mine:
                self._send(letter, following if following and following.held.id in mine else None)
            if self.state not in holding.RUNNING:
                break
        self._write_down()

    def _send(self, letter: Letter, following: Letter | None) -> None:
        held = letter.held
        try:
            if not self._hand_over(letter, following):
                return
            self.line.accepted()
        except Refused as refused:
            self._write_down()
            self._obey(marking.mark_refused(held, refused.code))
        except NoSuchAddress:
            self._write_down()
            self._obey(marking.mark_refused(held, NAME_NOT_ALLOWED))
        except AnswerLost as lost:
            self._doubt(held, lost)
        else:
            self.unwritten, self.lost_in_a_row = held, 0
            reached("notice.accepted")

    def _write_down(self) -> None:
        """The letter accepted last: at the latest before another one is whole, so never two are unwritten."""
        held, self.unwritten = self.unwritten, None
        if held is not None:
            self._obey(self.taken.add(held))
            reached("notice.marked")

    def _hand_over(self, letter: Letter, following: Letter | None) -> bool:
        """Let it go to the server; whether it went. While the server reads, the following one is made.

        The letter before it is written down while the server reads this one, which is none without its end: killed in
        between, this one was never sent.
        """
        self.line.begin(self._address(letter))
        reached("notice.offered")
        self.line.pour(self._compose(letter))
        self._write_down()
        if self.state not in holding.RUNNING or not self._may_still_go(letter.held):
            self.line.cut()
            return False
        self.line.finish(following=self._address_ahead(following))
        reached("notice.handed-over")
        if following is not None and following.envelope is not None:
            self._compose(following)
        return True

    def _may_still_go(self, held: Held) -> bool:
        """Whether nobody was erased and nothing taken over while the server answered; of advertising, a moment ago."""
        if clock.now() - self.held_at >= HOLD_EVERY:
            return bool(self._hold_on([held]))
        return held.purpose is None or bool(claiming.still_mine([held]))

    def _address(self, letter: Letter) -> Envelope:
        if letter.envelope is None:
            letter.envelope = Envelope(verp.envelope_sender(verp.DELIVERY, letter.held.id), letter.held.address)
        return letter.envelope

    def _address_ahead(self, letter: Letter | None) -> Envelope | None:
        try:
            return self._address(letter) if letter else None
        except NoSuchAddress:  # its own turn will tell
            return None

    def _compose(self, letter: Letter) -> bytes:
        is_eight_bit = self.line.takes_eight_bit
        if letter.content is None or letter.is_eight_bit != is_eight_bit:
            held = letter.held
            mould = self.moulds.get(held.locale) or self.moulds[settings().default_locale]
            leaving = unsubscribing.link(held.user_id, held.purpose) if held.purpose else ""
            letter.content = mould.pour(held, unsubscribe=leaving, is_eight_bit=is_eight_bit)
            letter.is_eight_bit = is_eight_bit
        return letter.content

    def _doubt(self, held: Held, lost: AnswerLost) -> None:
        self._obey(marking.mark_doubtful(held))
        self.lost_in_a_row += 1
        if self.lost_in_a_row >= LOST_IN_A_ROW:
            raise TryLater from lost

    def _obey(self, state: NoticeState | None) -> None:
        """The notice stands so. None: a row went away under its letter, with its person, or to another lane."""
        if state is None:
            self.lease.renew()
        else:
            self.state = state

    def _hold_on(self, rest: Sequence[Held]) -> set[int]:
        self.lease.renew(attempts=0)
        self.held_at = clock.now()
        return claiming.still_mine(rest)


def _end(lease: Lease, notice_id: UUID) -> None:
    """Settle, with the notice held, when this lane is needed again; the last lane ends the notice."""
    notice = holding.locked(notice_id)
    if notice is None:
        raise LookupError("a lane without its notice")
    again_at = None
    if notice.state == NoticeState.CANCELLED:
        claiming.cancel_queued(notice_id)
    elif notice.state == NoticeState.AWAITING_APPROVAL:
        again_at = notice.starts_by_itself_at
    elif notice.state in holding.RUNNING:
        again_at = claiming.next_due(notice_id)
        if again_at is None and not claiming.is_any_left(notice_id):
            notice.state, notice.ended_at = NoticeState.DONE, clock.now()
    lease.complete(again_at=again_at)
    db.session.commit()
    reached("notice.lane-done")


def backoff(attempts: int) -> timedelta:
    """One second, doubled with each attempt in vain, at most five minutes: letters wait while the server is down."""
    return timedelta(seconds=min(2 ** max(0, attempts - 1), LONGEST_BACKOFF))


DUTY = Duty(
    model=Lane,
    perform=send,
    around=line,
    lease_seconds=20,
    max_attempts=2_000,
    backoff=backoff,
    at_once=LANES_AT_ONCE,
)
