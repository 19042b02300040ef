"""What a letter that came back changes: for its delivery and its address, and nobody else (docs/decisions/0027)."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.service import email_key
from portal.audit import chain
from portal.consents import service as consents
from portal.consents import standing
from portal.consents.models import ConsentWay
from portal.core import clock
from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.notices.engine import canary, holding
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState, SuppressionReason
from portal.notices.returns import reports, suppression
from portal.notices.returns.reports import Report
from portal.notices.returns.verdicts import Fate, Verdict, verdict

log = structlog.get_logger(__name__)

SOFT_WAITS = (timedelta(hours=4), timedelta(hours=24))
"""How long a letter waits that came back with "not now"; the relay has been trying for hours or days by then."""

COMPLAINT_PAGE = "mail"
"""A complaint is made in a mail program, on no page of ours."""

CLOCKS_DIFFER = timedelta(hours=1)
LEFT = (DeliveryState.SENT, DeliveryState.POSSIBLE_DUPLICATE)
MAY_HAVE_LEFT = (*LEFT, DeliveryState.QUEUED, DeliveryState.SENDING)
GOING_ON = (NoticeState.CANARY, NoticeState.SENDING, NoticeState.PAUSED)


class Outcome(StrEnum):
    """What one message changed."""

    BOUNCED = "bounced"
    QUEUED_AGAIN = "queued-again"
    WITHDRAWN = "consent-withdrawn"
    KNOWN = "known-already"
    UNCHANGED = "nothing-to-change"
    GONE = "gone"
    UNSIGNED = "unsigned"


def receive(content: bytes, *, recipient: str = "") -> Outcome:
    """Act on one message that came to an address of ours; the caller commits. No message is ever an error."""
    report = reports.read(content, recipient=recipient)
    outcome = _outcome(report)
    log.info("bounce.read", outcome=outcome.value)
    return outcome


def _outcome(report: Report) -> Outcome:
    if report.origin is None:
        return Outcome.UNSIGNED
    of = report.origin[1]
    return _on_delivery(report, of) if isinstance(of, int) else _on_letter(report, of)


def _on_delivery(report: Report, delivery_id: int) -> Outcome:
    whose = select(Delivery.notice_id, Delivery.user_id).where(Delivery.id == delivery_id)
    found = db.session.execute(whose).one_or_none()
    if found is None:
        return Outcome.GONE
    notice_id, user_id = found
    return _withdrawn(notice_id, user_id) if report.is_complaint else _judged(report, delivery_id, notice_id, user_id)


def _judged(report: Report, delivery_id: int, notice_id: UUID, user_id: UUID) -> Outcome:
    """Notice, person, delivery are held, in the order in which everyone takes them, until the caller commits."""
    notice = holding.locked(notice_id)
    user = db.session.get(User, user_id, with_for_update={"of": User}, populate_existing=True)
    delivery = db.session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if notice is None or user is None or delivery is None:
        return Outcome.GONE
    found = verdict(report.recipients, user.email)
    if found.fate == Fate.ARRIVED:
        return Outcome.UNCHANGED
    if _is_known(delivery, found, report):
        return Outcome.KNOWN
    if found.fate == Fate.SOFT and _may_try_again(delivery, notice, user):
        return _queue_again(delivery, found.status)
    return _came_back(delivery, user, found)


def _is_known(delivery: Delivery, found: Verdict, report: Report) -> bool:
    """Told before: a report delivered twice, or one that is older than the letter's last leaving."""
    if found.fate == Fate.HARD:
        return delivery.state == DeliveryState.BOUNCED
    if delivery.state not in LEFT:
        return delivery.state != DeliveryState.SENDING or delivery.sent_at is not None
    is_older = report.written_at and delivery.sent_at and report.written_at < delivery.sent_at - CLOCKS_DIFFER
    return delivery.soft_bounces > 0 and bool(is_older)


def _may_try_again(delivery: Delivery, notice: Notice, user: User) -> bool:
    is_wanted = notice.purpose is None or standing.allows(user.id, notice.purpose)
    return is_wanted and notice.state in GOING_ON and delivery.soft_bounces < len(SOFT_WAITS)


def _queue_again(delivery: Delivery, status: str) -> Outcome:
    """Under the same Message-ID, which is the delivery's."""
    delivery.retry_at = clock.now() + SOFT_WAITS[delivery.soft_bounces]
    delivery.soft_bounces += 1
    delivery.state, delivery.lane_token = DeliveryState.QUEUED, None
    delivery.bounce, delivery.bounced_at = status, clock.now()
    return Outcome.QUEUED_AGAIN


def _came_back(delivery: Delivery, user: User, found: Verdict) -> Outcome:
    """For good. A sending that is over stays over, and counts it."""
    if delivery.state in MAY_HAVE_LEFT:
        delivery.state, delivery.lane_token, delivery.retry_at = DeliveryState.BOUNCED, None, None
        delivery.bounce, delivery.bounced_at = found.status, clock.now()
    reason = _reason(found, soft_bounces=delivery.soft_bounces)
    if reason and user.email_verified_at <= (delivery.sent_at or delivery.queued_at):  # it went to this address
        _take_no_more(user, reason, found.status)
    canary.note_bounces(delivery.notice_id)
    return Outcome.BOUNCED


def _reason(found: Verdict, *, soft_bounces: int) -> SuppressionReason | None:
    """Why nothing more is sent there; None where only this letter was refused, or it may be better tomorrow."""
    if found.fate == Fate.HARD:
        return SuppressionReason.HARD_BOUNCE
    is_last = found.fate == Fate.SOFT and soft_bounces >= len(SOFT_WAITS)
    return SuppressionReason.SOFT_BOUNCES if is_last else None


def _take_no_more(user: User, reason: SuppressionReason, status: str) -> None:
    suppression.suppress(user.email, reason, status)
    user.mail_returned_at = clock.now()
    chain.record("mail.returned", subject=user, customer_id=user.customer_id)


def _withdrawn(notice_id: UUID, user_id: UUID) -> Outcome:
    """Whoever calls our advertising unwanted has withdrawn, as by the link in it; no letter answers that."""
    notice, user = db.session.get(Notice, notice_id), db.session.get(User, user_id)
    if notice is None or user is None or notice.purpose is None:
        return Outcome.UNCHANGED
    way, page = ConsentWay.COMPLAINT, COMPLAINT_PAGE
    changed = consents.decide(user, notice.purpose, granted=False, way=way, page=page, locale=user.locale)
    return Outcome.WITHDRAWN if changed else Outcome.KNOWN


def _on_letter(report: Report, letter_id: UUID) -> Outcome:
    """A single letter is not sent again: its words are gone, and somebody is waiting who can ask for another."""
    letter = db.session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None:
        return Outcome.GONE
    found = verdict(report.recipients, letter.address)
    if report.is_complaint or found.fate == Fate.ARRIVED:
        return Outcome.UNCHANGED
    if letter.state == LetterState.BOUNCED:
        return Outcome.KNOWN
    if letter.state == LetterState.SENT:
        letter.state = LetterState.BOUNCED
    if found.fate == Fate.HARD:
        _note_address(letter, found.status)
    return Outcome.BOUNCED


def _note_address(letter: Letter, status: str) -> None:
    """The address may be another than the account's: an older one, or a new one that was only asked for."""
    user = db.session.get(User, letter.user_id) if letter.user_id else None
    if user is None or not letter.address:
        return
    is_its_address = email_key(letter.address) == user.email_key
    if is_its_address and user.email_verified_at <= (letter.sent_at or letter.created_at):
        _take_no_more(user, SuppressionReason.HARD_BOUNCE, status)
