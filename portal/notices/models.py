"""Notices and their deliveries: one row per recipient and notice, sent by lanes (DESIGN, mechanism 4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Product
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import held, mention, owner, shared, table, technical
from portal.core.leases import Leased


class NoticeKind(StrEnum):
    """What a notice is about. Only a campaign is advertising, and goes to nobody who did not consent to its kind."""

    POLICY = "policy"
    SERVICE = "service"
    CAMPAIGN = "campaign"


class NoticeState(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting-approval"
    CANARY = "canary"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    POSSIBLE_DUPLICATE = "possible-duplicate"


LETTER_WORDS = {
    "policies/changed": _l("A change of our policy or terms"),
    "notices/service": _l("News about the service"),
    "notices/campaign": _l("Advertising that you agreed to"),
}
DELIVERY_STATE_WORDS = {
    DeliveryState.QUEUED: _l("Waiting to be sent"),
    DeliveryState.SENDING: _l("Being sent"),
    DeliveryState.SENT: _l("Accepted by your mail server"),
    DeliveryState.BOUNCED: _l("Came back"),
    DeliveryState.FAILED: _l("Could not be sent"),
    DeliveryState.SUPPRESSED: _l("Not sent, as earlier letters came back"),
    DeliveryState.CANCELLED: _l("Cancelled before it was sent"),
    DeliveryState.POSSIBLE_DUPLICATE: _l("Sent, possibly twice"),
}
NOTICE_STATE_WORDS = {
    NoticeState.DRAFT: _l("Draft"),
    NoticeState.AWAITING_APPROVAL: _l("Waiting for approval"),
    NoticeState.CANARY: _l("First letters on trial"),
    NoticeState.SENDING: _l("Being sent"),
    NoticeState.PAUSED: _l("Paused"),
    NoticeState.CANCELLED: _l("Cancelled"),
    NoticeState.DONE: _l("Done"),
}


class Notice(Model):
    """One announcement to many. A policy version has one at most, however often somebody presses "publish".

    `edited_by_id` is who wrote in it last; `forgiven` counts the letters that came back and that a person has seen
    when they let it go on.
    """

    __tablename__ = "notice"
    __table_args__ = (shared("who published what when; the people it went to are in delivery"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[NoticeKind] = mapped_column(choice(NoticeKind))
    letter: Mapped[str]
    policy_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"), unique=True, default=None)
    state: Mapped[NoticeState] = mapped_column(choice(NoticeState), default=NoticeState.DRAFT)
    purpose: Mapped[ConsentPurpose | None] = mapped_column(choice(ConsentPurpose), default=None)
    only_product: Mapped[Product | None] = mapped_column(choice(Product), default=None)
    only_package: Mapped[str | None] = mapped_column(default=None)
    only_locale: Mapped[str | None] = mapped_column(default=None)
    rate_per_minute: Mapped[int | None] = mapped_column(default=None)
    domain_rate_per_minute: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    created_by_id: Mapped[UUID | None] = mention("user.id", default=None)
    edited_by_id: Mapped[UUID | None] = mention("user.id", default=None)
    approved_by_id: Mapped[UUID | None] = mention("user.id", default=None)
    starts_by_itself_at: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    canary_ends_at: Mapped[datetime | None] = mapped_column(default=None)
    paused_by_itself: Mapped[bool] = mapped_column(default=False)
    forgiven: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class NoticeText(Model):
    """A notice's words in one language, composed once: pieces of text with the names of personal parts between.

    `written_subject` and `written_body` are what a person of Smartos typed (none for letters made of templates);
    `lines` are what may concern a reader, each `{"text": …, "html": …}`, chosen by the bits of Delivery.concerns.
    """

    __tablename__ = "notice_text"
    __table_args__ = (shared("the words of a public announcement"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    locale: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    text: Mapped[list[str]] = mapped_column(JSON)
    html: Mapped[list[str]] = mapped_column(JSON)
    lines: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    written_subject: Mapped[str] = mapped_column(default="")
    written_body: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(default="")
    link_label: Mapped[str] = mapped_column(default="")


class Lane(Leased, Model):
    """One stream of letters to the mail server. Several lanes of a notice run side by side, on any machines."""

    __tablename__ = "notice_lane"
    __table_args__ = (UniqueConstraint("notice_id", "number"), shared("technical progress of a sending"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"))
    number: Mapped[int]


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.NOTICES, purpose=Purpose.NOTICES, source=Source.SMARTOS, **kwargs)


class Delivery(Model):
    """A notice for one person. The address is read when the letter goes out, and is not kept here.

    Its id counts up, so that a lane works in the order of ids and the first one unanswered is the doubtful one.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("notice_id", "user_id"),
        Index(
            "ix_delivery_not_sent",
            "notice_id",
            "state",
            "retry_at",
            "id",
            sqlite_where=text("state <> 'sent'"),
            postgresql_where=text("state <> 'sent'"),
        ),
        Index(
            "ix_delivery_interrupted",
            "notice_id",
            sqlite_where=text("interrupted > 0"),
            postgresql_where=text("interrupted > 0"),
        ),
        table(_l("Notices sent to you")),
    )

    id: Mapped[int] = technical(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    notice_id: Mapped[UUID] = technical(ForeignKey("notice.id"))
    user_id: Mapped[UUID] = owner("user.id")
    letter: Mapped[str] = _held(label=_l("Letter"), words=LETTER_WORDS)
    state: Mapped[DeliveryState] = _held(
        choice(DeliveryState), label=_l("State"), words=DELIVERY_STATE_WORDS, default=DeliveryState.QUEUED
    )
    queued_at: Mapped[datetime] = _held(label=_l("Announced"))
    sent_at: Mapped[datetime | None] = _held(label=_l("Accepted by the mail server"), nullable=True, default=None)
    answer: Mapped[int | None] = _held(label=_l("Mail server's refusal"), nullable=True, default=None)
    bounce: Mapped[str | None] = _held(label=_l("Why it came back"), nullable=True, default=None)
    bounced_at: Mapped[datetime | None] = _held(label=_l("Came back"), nullable=True, default=None)
    read_at: Mapped[datetime | None] = held(
        label=_l("Read in the portal"),
        category=Category.NOTICES,
        purpose=Purpose.NOTICES,
        source=Source.YOU,
        nullable=True,
        default=None,
    )
    concerns: Mapped[int] = technical(default=0, server_default="0")
    interrupted: Mapped[int] = technical(default=0, server_default="0")
    attempts: Mapped[int] = technical(default=0, server_default="0")
    soft_bounces: Mapped[int] = technical(default=0, server_default="0")
    retry_at: Mapped[datetime | None] = technical(nullable=True, default=None)
    lane_id: Mapped[UUID | None] = technical(ForeignKey("notice_lane.id"), nullable=True, default=None)
    lane_token: Mapped[str | None] = technical(nullable=True, default=None)


NOT_SENT = Delivery.state != literal_column("'sent'")
"""SQL, said beside a state that is looked for: lets both databases use ix_delivery_not_sent.

Accepted letters are in no index by their state, so that writing an acceptance down touches two pages and not six.
"""


class Pace(Model):
    """How many letters of a notice were let go in one minute, in all (domain empty) and to one receiving domain."""

    __tablename__ = "notice_pace"
    __table_args__ = (shared("numbers by minute and receiving domain"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    taken: Mapped[int]


class SuppressionReason(StrEnum):
    HARD_BOUNCE = "hard-bounce"
    SOFT_BOUNCES = "soft-bounces"


class Suppression(Model):
    """An address that takes no letters, by keyed hash: it outlives the account, until the address is proven again."""

    __tablename__ = "suppression"
    __table_args__ = (shared("a keyed hash: nobody without the key can tell whose address it was"),)

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason))
    status: Mapped[str]
    since: Mapped[datetime] = mapped_column(default=clock.now)
