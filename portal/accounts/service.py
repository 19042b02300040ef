"""Making customers and users, and finding people by their address."""

from datetime import date

from flask import current_app
from sqlalchemy import func, select

from portal.accounts.models import Customer, Kind, Product, Role, User
from portal.core import clock
from portal.core.database import db
from portal.core.features import CONSOLE_FEATURES, CUSTOMER_FEATURES, Feature

CONTRACT_YEARS = 1
PRODUCT_FEATURES = {
    Product.PMS: Feature.PRODUCT_PMS,
    Product.BESPOKE: Feature.PRODUCT_BESPOKE,
    Product.BOOKING: Feature.PRODUCT_BOOKING,
}


def email_key(email: str) -> str:
    """What makes two addresses the same mailbox here: the normal form in lower case (docs/decisions/0005)."""
    return email.strip().lower()


def user_by_email(email: str) -> User | None:
    """The user with this address, whatever its case."""
    return db.session.scalar(select(User).where(User.email_key == email_key(email)))


def make_customer(
    kind: Kind, *, company_name: str = "", products: tuple[Product, ...] = (Product.PMS,), package: str = "Starter"
) -> Customer:
    """A customer whose contract starts today and runs for a year, with all features of its package."""
    today = clock.now().date()
    customer = Customer(
        kind=kind,
        package=package,
        products=list(products),
        features=[*CUSTOMER_FEATURES, *(PRODUCT_FEATURES[p] for p in products)],
        contract_start=today,
        contract_end=_a_year_after(today),
    )
    customer.rename(company_name)
    db.session.add(customer)
    return customer


def make_smartos() -> Customer:
    """Smartos itself: the customer whose package contains the console's features."""
    customer = Customer(
        kind=Kind.ORGANISATION,
        package="Smartos",
        is_smartos=True,
        features=[*CUSTOMER_FEATURES, *CONSOLE_FEATURES],
    )
    customer.rename("Smartos")
    db.session.add(customer)
    return customer


def smartos() -> Customer | None:
    """Smartos's own customer row, once `operator add` or `demo` has made it."""
    return db.session.scalar(select(Customer).where(Customer.is_smartos))


def make_user(
    customer: Customer, *, full_name: str, email: str, role: Role, locale: str, password_hash: str | None = None
) -> User:
    """A person whose address has just been verified."""
    user = User(
        customer=customer,
        role=role,
        email=email,
        email_key=email_key(email),
        email_verified_at=clock.now(),
        locale=locale,
        password_hash=password_hash,
    )
    user.rename(full_name)
    db.session.add(user)
    return user


def address_proven(user: User) -> None:
    """Rooms upstairs that keep what an address did before it was a user's take it over (app.py hands them down)."""
    db.session.flush()
    for adopt in current_app.extensions["adopters"]:
        adopt(user)


def other_admins(user: User) -> int:
    """How many other Admin Users stay with the customer (the last one cannot leave alone, DECISIONS 4 and 9)."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(User)
            .where(
                User.customer_id == user.customer_id,
                User.id != user.id,
                User.role == Role.ADMIN,
                User.closing_since.is_(None),
            )
        )
        or 0
    )


def other_members(user: User) -> int:
    """How many other people belong to the same customer."""
    return (
        db.session.scalar(
            select(func.count()).select_from(User).where(User.customer_id == user.customer_id, User.id != user.id)
        )
        or 0
    )


def _a_year_after(day: date) -> date:
    leap_day = day.month == 2 and day.day == 29
    return day.replace(year=day.year + CONTRACT_YEARS, day=28 if leap_day else day.day)
