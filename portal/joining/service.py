"""Joining: accounts, sign-in and the agreement to the policy in one act, once the address is verified."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from portal.accounts.models import Kind, Role, User
from portal.accounts.service import address_proven, email_key, make_customer, make_user, user_by_email
from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db
from portal.joining import emails
from portal.joining.models import REGISTRATION_DAYS, Registration
from portal.policies import acceptance
from portal.signin import passwords


@dataclass(frozen=True)
class Applicant:
    """What somebody gave at sign-up."""

    kind: Kind
    full_name: str
    company_name: str
    email: str
    password: str
    locale: str


def register(applicant: Applicant) -> None:
    """Keep the sign-up and mail the link; an address that has an account gets a letter that says so instead.

    Both take the same time and show the same page, so that nobody learns who is a customer.
    """
    password_hash = passwords.hashed(applicant.password)
    user = user_by_email(applicant.email)
    if user is not None:
        emails.already_here(user)
        return
    secret, now = hashes.new_secret(), clock.now()
    registration = Registration(
        secret_hash=hashes.of_secret(secret),
        created_at=now,
        kind=applicant.kind,
        full_name=applicant.full_name,
        company_name=applicant.company_name if applicant.kind == Kind.ORGANISATION else "",
        email=applicant.email,
        email_key=email_key(applicant.email),
        locale=applicant.locale,
        password_hash=password_hash,
    )
    db.session.add(registration)
    emails.verify(registration, secret, now + timedelta(days=REGISTRATION_DAYS))


def waiting(secret: str) -> Registration | None:
    """The sign-up behind a mailed link, while it is valid; looking does not use it up."""
    return db.session.scalar(
        select(Registration).where(
            Registration.secret_hash == hashes.of_secret(secret),
            Registration.created_at > clock.now() - timedelta(days=REGISTRATION_DAYS),
        )
    )


def verify(registration: Registration) -> User | None:
    """The address is proven: the account opens. None when the address got an account in the meantime."""
    if user_by_email(registration.email) is not None:
        db.session.delete(registration)
        return None
    customer = make_customer(registration.kind, company_name=registration.company_name)
    user = make_user(
        customer,
        full_name=registration.full_name,
        email=registration.email,
        role=Role.ADMIN,
        locale=registration.locale,
        password_hash=registration.password_hash,
    )
    user.age_confirmed_at = registration.created_at
    db.session.flush()
    db.session.execute(delete(Registration).where(Registration.email_key == registration.email_key))
    acceptance.agreed_at_sign_up(user, at=registration.created_at)
    address_proven(user)
    emails.welcome(user)
    chain.record("account.opened", subject=user, actor_id=user.id, customer_id=customer.id)
    return user
