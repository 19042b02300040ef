"""What the demo people agreed to, and a campaign that waits to be sent to those who did."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy import insert, select

from portal.accounts.models import User
from portal.consents import service
from portal.consents.models import ConsentEntry, ConsentWay
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core import clock
from portal.core.database import db, new_id
from portal.notices.composing import drafts
from portal.notices.composing.drafts import Content, Words
from portal.notices.models import NoticeKind

PAGE = "/consents"
DECISIONS = (
    (40, ConsentPurpose.PROMOTIONS, True),
    (40, ConsentPurpose.NEW_SERVICES, True),
    (12, ConsentPurpose.PROMOTIONS, False),
)
"""Days ago, for what, and which way: so that the time machine has something to tell."""

SHARE = 0.3
CAMPAIGN = Content(
    words={
        "vi": Words(
            "Smartos Booking có lịch giá theo mùa",
            "Chào {full_name},\n\nTừ tháng này bạn đặt được giá theo mùa cho từng loại phòng:\n\n"
            "- giá cao điểm cho mùa pháo hoa\n- giá ở dài ngày cho mùa mưa\n\nBạn xem thử trong mục Giá phòng.",
            "Xem lịch giá",
        ),
        "en": Words(
            "Smartos Booking has seasonal rates",
            "Hello {full_name},\n\nFrom this month on you can set rates by season for each kind of room:\n\n"
            "- peak rates for the fireworks weeks\n- long-stay rates for the rainy months\n\nHave a look under Rates.",
            "See the rates",
        ),
    },
    link="https://smartos.space/booking",
    purpose=ConsentPurpose.NEW_SERVICES,
)


def over_time(user: User) -> None:
    """Given, and in part withdrawn since; the entries are dated back while they are made."""
    for days, purpose, granted in DECISIONS:
        service.decide(user, purpose, granted=granted, way=ConsentWay.SWITCH, page=PAGE, locale=user.locale)
        entry = db.session.scalars(select(ConsentEntry).order_by(ConsentEntry.id.desc()).limit(1)).one()
        entry.at = clock.now() - timedelta(days=days)


def by_many(users: Sequence[UUID], random: Random) -> None:
    """Of a crowd three in ten agree to each kind of advertising, in words that somebody agreed to before."""
    given = db.session.scalars(select(ConsentEntry).where(ConsentEntry.granted).order_by(ConsentEntry.id))
    newest = {entry.purpose: entry for entry in given}
    said = [
        {
            "id": new_id(),
            "user_id": user_id,
            "purpose": purpose,
            "granted": True,
            "at": clock.now(),
            "way": ConsentWay.SWITCH,
            "page": PAGE,
            "locale": newest[purpose].locale,
            "version": newest[purpose].version,
            "words_sha256": newest[purpose].words_sha256,
        }
        for user_id in users
        for purpose in MARKETING
        if purpose in newest and random.random() < SHARE
    ]
    if said:
        db.session.execute(insert(ConsentEntry), said)


def waiting_campaign(author: User) -> None:
    """A draft, whole in both languages."""
    drafts.begin(NoticeKind.CAMPAIGN, CAMPAIGN, by=author)
