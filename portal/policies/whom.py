"""SQL conditions on a person, read in the statement that selects from User: whom a change of a policy concerns."""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, literal, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.accounts.models import Customer, Kind, Product, Role, User
from portal.consents import standing
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core.features import Feature
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.providers.models import LinkedAccount, Provider

Condition = ColumnElement[bool]


def allows(*purposes: ConsentPurpose) -> Condition:
    """Consents to at least one of these now."""
    return or_(*(standing.has_consented(User.id, purpose) for purpose in purposes))


def allows_marketing() -> Condition:
    """Consents to at least one of the five kinds of marketing mail."""
    return allows(*MARKETING)


def linked(*providers: Provider) -> Condition:
    """Has linked exactly these of Google and Facebook; with none named, neither."""
    return and_(*(_links(one) if one in providers else not_(_links(one)) for one in Provider))


def _links(provider: Provider) -> Condition:
    return _exists(LinkedAccount.user_id, LinkedAccount.provider == provider)


def is_closing() -> Condition:
    """The account, or the whole customer, is on its way out."""
    customer = aliased(Customer)
    return or_(User.closing_since.is_not(None), _customers(customer, customer.closing_since.is_not(None)))


def is_admin_of_organisation() -> Condition:
    """Holds the highest rights in a customer that has members."""
    customer = aliased(Customer)
    return and_(User.role == Role.ADMIN, _customers(customer, customer.kind == Kind.ORGANISATION))


def is_admin() -> Condition:
    return User.role == Role.ADMIN


def is_staff() -> Condition:
    return User.role == Role.STAFF


def may(feature: Feature) -> Condition:
    """The package contains `feature`, and a Staff User was given it (as User.may says of one person)."""
    customer = aliased(Customer)
    given = or_(User.role == Role.ADMIN, _holds(User.granted, feature.value))
    return and_(given, _customers(customer, _holds(customer.features, feature.value)))


def uses(product: Product) -> Condition:
    """The customer's package names `product`."""
    customer = aliased(Customer)
    return _customers(customer, _holds(customer.products, product.value))


def has_contract_end() -> Condition:
    """The contract has a last day on record."""
    customer = aliased(Customer)
    return _customers(customer, customer.contract_end.is_not(None))


def has_passkey() -> Condition:
    return _exists(Passkey.user_id)


def has_second_step() -> Condition:
    return _exists(SecondStep.user_id)


def has_password() -> Condition:
    return User.password_hash.is_not(None)


def has_phone() -> Condition:
    return User.phone != ""


def _exists(user_id: InstrumentedAttribute[Any], *where: Condition) -> Condition:
    return select(literal(1)).where(user_id == User.id, *where).correlate(User).exists()


def _customers(customer: type[Customer], where: Condition) -> Condition:
    return select(literal(1)).where(customer.id == User.customer_id, where).correlate(User).exists()


def _holds(column: Any, value: str) -> Condition:
    # A list of short fixed words: as text the same on SQLite and PostgreSQL, whose JSON functions differ.
    return cast(column, String).like(f'%"{value}"%')
