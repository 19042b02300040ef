"""The ledger of consents: append-only, each entry with the exact words it was given on (Decree 356 Art. 6)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import held, owner, shared, table, technical
from portal.core.language import LANGUAGE_NAMES


class ConsentWay(StrEnum):
    """By which act a consent was given or withdrawn."""

    SWITCH = "switch"
    COOKIES = "cookies"
    UNSUBSCRIBE = "unsubscribe"
    ONE_CLICK = "one-click"
    COMPLAINT = "complaint"


PURPOSE_NAMES = {
    ConsentPurpose.PROMOTIONS: _l("Promotions"),
    ConsentPurpose.EVENTS: _l("Featured events"),
    ConsentPurpose.NEW_SERVICES: _l("New services"),
    ConsentPurpose.SURVEYS: _l("Surveys"),
    ConsentPurpose.ACCOMMODATION: _l("Accommodation advertisements"),
    ConsentPurpose.MEASUREMENT: _l("Measuring traffic"),
    ConsentPurpose.PERSONALISATION: _l("Personalisation"),
    ConsentPurpose.LOCATION: _l("Location"),
}
CONSENT_WAY_WORDS = {
    ConsentWay.SWITCH: _l("By the switch on the consents page"),
    ConsentWay.COOKIES: _l("By the choice about cookies"),
    ConsentWay.UNSUBSCRIBE: _l("By the link in a letter"),
    ConsentWay.ONE_CLICK: _l("By the unsubscribe button of the mail program"),
    ConsentWay.COMPLAINT: _l("By reporting a letter as unwanted"),
}
GRANTED_WORDS = {True: _l("Given"), False: _l("Withdrawn or refused")}


class ConsentWords(Model):
    """The exact words of one purpose in one language, once they were consented to; found by their digest."""

    __tablename__ = "consent_words"
    __table_args__ = (shared("the words of a question that everybody is asked"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[ConsentPurpose] = mapped_column(choice(ConsentPurpose))
    version: Mapped[int]
    locale: Mapped[str]
    title: Mapped[str]
    why: Mapped[str]
    data: Mapped[str]
    content: Mapped[str]
    form: Mapped[str]
    frequency: Mapped[str]
    without: Mapped[str]
    sensitive: Mapped[str]
    controller: Mapped[str]
    rights: Mapped[str]
    first_used_at: Mapped[datetime] = mapped_column(default=clock.now)


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.CONSENTS, purpose=Purpose.RIGHTS, **kwargs)


class ConsentEntry(Model):
    """One act: given or withdrawn. Never changed and never taken out; the newest of a purpose is how it stands.

    Whoever holds none of a purpose has not consented to it.
    """

    __tablename__ = "consent_entry"
    __table_args__ = (
        Index("ix_consent_entry_newest", "user_id", "purpose", "id"),
        table(_l("Your consents")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    purpose: Mapped[ConsentPurpose] = _held(
        choice(ConsentPurpose), label=_l("For what"), source=Source.YOU, words=PURPOSE_NAMES
    )
    granted: Mapped[bool] = _held(label=_l("Decision"), source=Source.YOU, words=GRANTED_WORDS)
    at: Mapped[datetime] = _held(label=_l("When"), source=Source.AUTOMATIC, default=clock.now)
    way: Mapped[ConsentWay] = _held(
        choice(ConsentWay), label=_l("How"), source=Source.AUTOMATIC, words=CONSENT_WAY_WORDS
    )
    page: Mapped[str] = _held(label=_l("On which page"), source=Source.AUTOMATIC)
    locale: Mapped[str] = _held(label=_l("In language"), source=Source.YOU, words=LANGUAGE_NAMES)
    version: Mapped[int] = _held(label=_l("Version of the words"), source=Source.SMARTOS)
    words_sha256: Mapped[str] = technical(ForeignKey("consent_words.sha256"))

    words: Mapped[ConsentWords] = relationship(lazy="raise")


class PageCount(Model):
    """How often a page was opened on a day, by those who allow measuring; nothing of who opened it (clause 4.4)."""

    __tablename__ = "page_count"
    __table_args__ = (
        shared("measuring traffic and improving the services: numbers by page and day; no visitor, cookie or address"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(primary_key=True)
    opened: Mapped[int]
