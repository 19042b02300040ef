"""What was changed in a profile, by whom and when; phone numbers that wait for their code (clause 3.1)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, mention, owner, table, technical

HISTORY_DAYS = 365


class PersonalField(StrEnum):
    """What belongs to the person alone (DECISIONS 3)."""

    FULL_NAME = "full_name"
    CONTACT_ADDRESS = "contact_address"
    EMAIL = "email"
    PHONE = "phone"
    LOCALE = "locale"


class CompanyField(StrEnum):
    """What belongs to the customer, and needs the feature COMPANY (DECISIONS 3)."""

    COMPANY_NAME = "company_name"
    BUSINESS_UNIT = "business_unit"
    ADDRESS = "address"


FIELD_WORDS: dict[str, Any] = {
    PersonalField.FULL_NAME: _l("Full name"),
    PersonalField.CONTACT_ADDRESS: _l("Contact address"),
    PersonalField.EMAIL: _l("E-mail"),
    PersonalField.PHONE: _l("Phone"),
    PersonalField.LOCALE: _l("Language"),
    CompanyField.COMPANY_NAME: _l("Company name"),
    CompanyField.BUSINESS_UNIT: _l("Business unit"),
    CompanyField.ADDRESS: _l("Address"),
}


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.PROFILE, **kwargs)


class Change:
    """One value replaced by another. `by_id` is empty once that person has left."""

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    at: Mapped[datetime] = _held(
        label=_l("Changed"), source=Source.AUTOMATIC, default=clock.now, index=True, sort_order=1
    )
    before: Mapped[str] = _held(label=_l("Before"), sort_order=3)
    after: Mapped[str] = _held(label=_l("After"), sort_order=3)
    by_id: Mapped[UUID | None] = mention("user.id")


class ProfileChange(Change, Model):
    """A change to what a person gave of themselves."""

    __tablename__ = "profile_change"
    __table_args__ = (table(_l("Changes to your profile"), keep=for_days(HISTORY_DAYS, since="at")),)

    user_id: Mapped[UUID] = owner("user.id")
    field: Mapped[PersonalField] = _held(choice(PersonalField), label=_l("What"), words=FIELD_WORDS, sort_order=2)


class CompanyChange(Change, Model):
    """A change to what the customer gave of itself."""

    __tablename__ = "company_change"
    __table_args__ = (table(_l("Changes to your company's details"), keep=for_days(HISTORY_DAYS, since="at")),)

    customer_id: Mapped[UUID] = owner("customer.id")
    field: Mapped[CompanyField] = _held(choice(CompanyField), label=_l("What"), words=FIELD_WORDS, sort_order=2)


def _waiting(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.ACCOUNT, purpose=Purpose.FRAUD, **kwargs)


class PhoneCode(Model):
    """A number that is not a person's phone before its code was typed. The code is kept as a keyed hash."""

    __tablename__ = "phone_code"
    __table_args__ = (table(_l("Phone number waiting for its code"), keep=for_days(1, since="expires_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id", unique=True)
    phone: Mapped[str] = _waiting(label=_l("New phone, not yet verified"))
    code_hash: Mapped[str] = technical()
    tries: Mapped[int] = technical(default=0)
    expires_at: Mapped[datetime] = _waiting(label=_l("Valid until"), source=Source.AUTOMATIC, index=True)
