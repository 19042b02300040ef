"""What Google and Facebook told of a person (clause 4.3): linked accounts, newcomers, and the providers' own events."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.categories import Category, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import Keep, for_days, held, outsiders, owner, table, technical
from portal.signin.models import Way

NEWCOMER_DAYS = 3


class Provider(StrEnum):
    """Who vouches for a person."""

    GOOGLE = "google"
    FACEBOOK = "facebook"

    @property
    def way(self) -> Way:
        return Way(self.value)


PROVIDER_NAMES = {Provider.GOOGLE: "Google", Provider.FACEBOOK: "Facebook"}


def _received(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.LINKED_ACCOUNTS, source=Source.PROVIDER, **kwargs)


class Received:
    """What a provider said. `issuer` and `subject` name the person for ever; the address may change or be missing."""

    provider: Mapped[Provider] = _received(choice(Provider), label=_l("Provider"), words=PROVIDER_NAMES, sort_order=2)
    issuer: Mapped[str] = technical(sort_order=2)
    subject: Mapped[str] = _received(label=_l("Your number there"), sort_order=2)
    email: Mapped[str] = _received(label=_l("E-mail there"), default="", sort_order=2)
    email_is_proven: Mapped[bool] = technical(default=False, sort_order=2)  # the provider speaks for that mailbox
    full_name: Mapped[str] = _received(label=_l("Name there"), default="", sort_order=2)


class LinkedAccount(Received, Model):
    """A Google or Facebook account that opens this person's account."""

    __tablename__ = "linked_account"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("user_id", "provider"),
        table(_l("Linked accounts")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id, sort_order=1)
    user_id: Mapped[UUID] = owner("user.id", sort_order=1)
    linked_at: Mapped[datetime] = _received(label=_l("Linked"), default=clock.now, sort_order=3)
    used_at: Mapped[datetime | None] = _received(label=_l("Last used"), nullable=True, default=None, sort_order=3)
    paused_at: Mapped[datetime | None] = _received(
        label=_l("Paused, since the provider reported a problem"), nullable=True, default=None, sort_order=3
    )


class Newcomer(Received, Model):
    """Somebody who came back from a provider and is not linked yet; bound to the browser that went there."""

    __tablename__ = "newcomer"
    __table_args__ = (
        outsiders(_l("People who came from Google or Facebook and did not finish"), keep=for_days(3, since="came_at")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id, sort_order=1)
    browser_hash: Mapped[str] = technical(index=True, sort_order=1)
    came_at: Mapped[datetime] = technical(default=clock.now, index=True, sort_order=3)


class ProviderEvent(Model):
    """A security event that a provider sent: its id as a keyed hash, so that none counts twice."""

    __tablename__ = "provider_event"
    __table_args__ = (
        {"info": {"shared": "keyed hashes of event ids", "keep": Keep(_l("400 days"), 400, "received_at")}},
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
