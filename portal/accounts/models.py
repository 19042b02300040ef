"""Customers and users (DECISIONS 1 to 4): who has a contract with Smartos, and who signs in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_login import UserMixin
from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.orm import Mapped, relationship

from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, owner, table, technical
from portal.core.features import Feature
from portal.core.language import LANGUAGE_NAMES
from portal.core.words import fold


class Kind(StrEnum):
    INDIVIDUAL = "individual"
    ORGANISATION = "organisation"


class Role(StrEnum):
    ADMIN = "admin"
    STAFF = "staff"


class Product(StrEnum):
    """What Smartos sells (clause 1.2)."""

    PMS = "pms"
    BESPOKE = "bespoke"
    BOOKING = "booking"


PRODUCT_NAMES = {
    Product.PMS: "Smartos PMS",
    Product.BESPOKE: "Smartos Bespoke Solution",
    Product.BOOKING: "Smartos Booking",
}
KIND_WORDS = {Kind.INDIVIDUAL: _l("Individual"), Kind.ORGANISATION: _l("Organisation")}
ROLE_WORDS = {Role.ADMIN: _l("Admin User"), Role.STAFF: _l("Staff User")}


def _contract(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.CONTRACT, source=Source.SMARTOS, **kwargs)


class Customer(Model):
    """An individual or an organisation with a service contract (clauses 2.1, 8.1)."""

    __tablename__ = "customer"
    __table_args__ = (table(_l("Customer")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    kind: Mapped[Kind] = held(choice(Kind), label=_l("Kind of customer"), category=Category.CONTRACT, words=KIND_WORDS)
    company_name: Mapped[str] = held(label=_l("Company name"), category=Category.PROFILE, default="")
    business_unit: Mapped[str] = held(label=_l("Business unit"), category=Category.PROFILE, default="")
    address: Mapped[str] = held(label=_l("Address"), category=Category.PROFILE, default="")
    search: Mapped[str] = held(
        label=_l("Name for searching"), category=Category.ACCOUNT, source=Source.AUTOMATIC, default="", index=True
    )
    package: Mapped[str] = _contract(label=_l("Service package"), default="Starter")
    products: Mapped[list[str]] = _contract(JSON, label=_l("Products"), words=PRODUCT_NAMES, default=list)
    features: Mapped[list[str]] = technical(JSON, default=list)
    contract_start: Mapped[date | None] = _contract(label=_l("Contract starts"), nullable=True)
    contract_end: Mapped[date | None] = _contract(label=_l("Contract ends"), nullable=True)
    is_smartos: Mapped[bool] = technical(default=False)
    created_at: Mapped[datetime] = held(
        label=_l("Customer since"), category=Category.ACCOUNT, source=Source.AUTOMATIC, default=clock.now
    )
    closing_since: Mapped[datetime | None] = technical(default=None, index=True)

    def rename(self, name: str) -> None:
        """A new company name, found again without its accents (DECISIONS 21)."""
        self.company_name = name
        self.search = fold(name)


class User(UserMixin, Model):
    """A person who signs in; every user's address has been verified before the row exists (joining)."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("email <> ''", name="email_given"),
        table(_l("You")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = owner("customer.id")
    role: Mapped[Role] = held(
        choice(Role), label=_l("Role"), category=Category.ACCOUNT, source=Source.CUSTOMER, words=ROLE_WORDS
    )
    granted: Mapped[list[str]] = technical(JSON, default=list)
    full_name: Mapped[str] = held(label=_l("Full name"), category=Category.PROFILE)
    search: Mapped[str] = held(
        label=_l("Name for searching"), category=Category.ACCOUNT, source=Source.AUTOMATIC, default="", index=True
    )
    email: Mapped[str] = held(label=_l("E-mail"), category=Category.PROFILE)
    email_key: Mapped[str] = held(
        label=_l("E-mail in the form it is looked up by"),
        category=Category.ACCOUNT,
        source=Source.AUTOMATIC,
        unique=True,
    )
    email_verified_at: Mapped[datetime] = held(
        label=_l("E-mail verified"), category=Category.ACCOUNT, source=Source.AUTOMATIC
    )
    mail_returned_at: Mapped[datetime | None] = held(
        label=_l("Letters to your address came back"),
        category=Category.ACCOUNT,
        purpose=Purpose.NOTICES,
        source=Source.AUTOMATIC,
        nullable=True,
        default=None,
    )
    phone: Mapped[str] = held(label=_l("Phone"), category=Category.PROFILE, default="")
    phone_verified_at: Mapped[datetime | None] = held(
        label=_l("Phone verified"), category=Category.ACCOUNT, source=Source.AUTOMATIC, nullable=True, default=None
    )
    contact_address: Mapped[str] = held(label=_l("Contact address"), category=Category.PROFILE, default="")
    locale: Mapped[str] = held(label=_l("Language"), category=Category.PROFILE, words=LANGUAGE_NAMES, default="vi")
    password_hash: Mapped[str | None] = held(
        label=_l("Password"),
        category=Category.ACCOUNT,
        purpose=Purpose.FRAUD,
        nullable=True,
        default=None,
        withheld=_l(
            "Only an irreversible hash is kept; it is shown to nobody, so that nobody can try passwords on it."
        ),
    )
    age_confirmed_at: Mapped[datetime | None] = held(
        label=_l("Confirmed to be 13 or older"), category=Category.ACCOUNT, nullable=True, default=None
    )
    created_at: Mapped[datetime] = held(
        label=_l("Account made"), category=Category.ACCOUNT, source=Source.AUTOMATIC, default=clock.now
    )
    closing_since: Mapped[datetime | None] = technical(default=None, index=True)

    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True)

    def get_id(self) -> str:
        """What the cookie carries: the opaque secret of this sign-in's row (signin.sessions sets it)."""
        return str(self.session_secret)

    def may(self, feature: Feature) -> bool:
        """Whether the package contains `feature` and, for a Staff User, an Admin User granted it (2.2, 2.3)."""
        if feature not in self.customer.features:
            return False
        return self.role == Role.ADMIN or feature in self.granted

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_closing(self) -> bool:
        """The person's account, or the whole customer, is on its way out: reading and undoing only."""
        return bool(self.closing_since or self.customer.closing_since)

    def rename(self, name: str) -> None:
        """A new full name, found again without its accents."""
        self.full_name = name
        self.search = fold(name)


class LinkPurpose(StrEnum):
    """What a mailed link may do; a link for one act is useless for another (clause 8.7)."""

    NEW_EMAIL = "new-email"
    RESET_PASSWORD = "reset-password"
    UNDO_CLOSING = "undo-closing"
    NOT_ME = "not-me"
    LINK_ACCOUNT = "link-account"


LINK_WORDS = {
    LinkPurpose.NEW_EMAIL: _l("Confirming a new e-mail"),
    LinkPurpose.RESET_PASSWORD: _l("Setting a new password"),
    LinkPurpose.UNDO_CLOSING: _l("Undoing the closing of the account"),
    LinkPurpose.NOT_ME: _l("Saying that it was not you"),
    LinkPurpose.LINK_ACCOUNT: _l("Connecting Google or Facebook"),
}


class MailedLink(Model):
    """A single-use link that was mailed. Only the hash of its secret is kept."""

    __tablename__ = "mailed_link"
    __table_args__ = (table(_l("Links mailed to you"), keep=for_days(3, since="expires_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    purpose: Mapped[LinkPurpose] = held(
        choice(LinkPurpose),
        label=_l("For"),
        category=Category.ACCOUNT,
        purpose=Purpose.FRAUD,
        source=Source.SMARTOS,
        words=LINK_WORDS,
    )
    secret_hash: Mapped[str] = technical(unique=True)
    new_email: Mapped[str | None] = held(
        label=_l("New e-mail, not yet verified"), category=Category.ACCOUNT, nullable=True, default=None
    )
    mailed_to: Mapped[str] = held(label=_l("Mailed to"), category=Category.ACCOUNT, default="")
    browser: Mapped[str] = held(
        label=_l("Browser"), category=Category.DEVICES, purpose=Purpose.FRAUD, source=Source.AUTOMATIC, default=""
    )
    about: Mapped[str] = technical(default="")  # what the link concerns, such as "passkey:<id>"; never personal data
    created_at: Mapped[datetime] = held(
        label=_l("Mailed"), category=Category.ACCOUNT, source=Source.AUTOMATIC, default=clock.now
    )
    expires_at: Mapped[datetime] = held(
        label=_l("Valid until"), category=Category.ACCOUNT, source=Source.AUTOMATIC, index=True
    )
