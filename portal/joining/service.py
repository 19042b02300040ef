"""Joining: accounts, sign-in and the agreement to the policy in one act, once the address is verified.

What was given before the address was proven counts only in the browser that gave it (docs/decisions/0003): whoever
signs up with a stranger's address gets nothing from the stranger's press.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.accounts.models import Kind, Role, User
from portal.accounts.service import address_proven, email_key, make_customer, make_user, user_by_email
from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db
from portal.joining import emails
from portal.joining.models import REGISTRATION_DAYS, Registration
from portal.policies import acceptance
from portal.signin import handshakes, passwords
from portal.signin.providers import by_letter, linking, newcomers
from portal.signin.providers.models import Newcomer
from portal.signin.service import PasswordRefused, known_words


@dataclass(frozen=True)
class Applicant:
    """What somebody gave at sign-up."""

    kind: Kind
    full_name: str
    company_name: str
    email: str
    locale: str


@dataclass(frozen=True)
class Waiting:
    """A sign-up whose letter was opened in some browser.

    `newcomer` is who came from a provider and is linked at the press; `needs_password` where nothing that was given
    at sign-up may count, or nothing would be left to sign in with.
    """

    registration: Registration
    newcomer: Newcomer | None
    needs_password: bool


def register(applicant: Applicant, password: str) -> None:
    """Keep the sign-up and mail the link; an address that has an account gets a letter that says so instead.

    Both take the same time and show the same page, and neither sets a cookie, so that nobody learns who is a customer.
    The browser got its secret with the form: a post that comes without it may be another site's, and belongs to no
    browser.
    """
    password_hash = passwords.hashed(password)
    browser = handshakes.known_browser_hash() or ""
    user = user_by_email(applicant.email)
    if user is not None:
        emails.already_here(user)
        return
    _wait(applicant, browser, password_hash=password_hash)


def register_newcomer(applicant: Applicant, newcomer: Newcomer) -> None:
    """The same for whoever came from a provider that does not speak for the address: a letter proves it."""
    user = user_by_email(applicant.email)
    if user is None:
        _wait(applicant, newcomer.browser_hash, newcomer=newcomer)
    else:
        write_to_owner(user, newcomer)


def write_to_owner(user: User, newcomer: Newcomer) -> None:
    """The address has an account: its owner may link, or undo the closing first."""
    if user.is_closing:
        emails.already_here(user)
    else:
        by_letter.offer(user, newcomer)


def _wait(
    applicant: Applicant, browser: str, *, password_hash: str | None = None, newcomer: Newcomer | None = None
) -> None:
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
        browser_hash=browser,
        newcomer_id=newcomer.id if newcomer else None,
    )
    db.session.add(registration)
    emails.verify(registration, secret, now + timedelta(days=REGISTRATION_DAYS))


def waiting(secret: str) -> Waiting | None:
    """The sign-up behind a mailed link, as far as it counts in this browser; looking does not use it up."""
    registration = db.session.scalar(
        select(Registration).where(
            Registration.secret_hash == hashes.of_secret(secret),
            Registration.created_at > clock.now() - timedelta(days=REGISTRATION_DAYS),
        )
    )
    if registration is None:
        return None
    if not registration.browser_hash or registration.browser_hash != handshakes.known_browser_hash():
        return Waiting(registration, None, needs_password=True)
    newcomer = _still_free(newcomers.by_id(registration.newcomer_id))
    return Waiting(registration, newcomer, needs_password=not (registration.password_hash or newcomer))


def _still_free(newcomer: Newcomer | None) -> Newcomer | None:
    """A newcomer who opens another account by now brings nothing."""
    return None if newcomer is None or linking.find(newcomer.issuer, newcomer.subject) else newcomer


def password_for(found: Waiting, password: str) -> str:
    """The hash of a password chosen where the letter was opened; asks no database. Raises PasswordRefused."""
    about = known_words(found.registration.email, found.registration.full_name)
    if reason := passwords.objection(password, about=about):
        raise PasswordRefused(reason)
    return passwords.hashed(password)


def verify(found: Waiting, *, password_hash: str | None = None) -> User | None:
    """The address is proven: the account opens. None when the address got an account in the meantime.

    With `needs_password`, `password_hash` is what counts, and what was given at sign-up is dropped.
    """
    registration = found.registration
    if user_by_email(registration.email) is not None:
        db.session.execute(delete(Registration).where(Registration.id == registration.id))
        return None
    applicant = Applicant(
        registration.kind,
        registration.full_name,
        registration.company_name,
        registration.email,
        registration.locale,
    )
    kept = password_hash if found.needs_password else registration.password_hash
    user = _open(applicant, password_hash=kept, agreed_at=registration.created_at)
    if found.newcomer is not None:
        linking.add(user, found.newcomer)
    else:
        newcomers.forget(registration.newcomer_id)
    return user


def open_at_once(applicant: Applicant, newcomer: Newcomer) -> User:
    """The provider has proven the address: the account opens, linked; whoever signed up with it before has nothing."""
    user = _open(applicant, password_hash=None, agreed_at=clock.now())
    linking.add(user, newcomer)
    return user


def _open(applicant: Applicant, *, password_hash: str | None, agreed_at: datetime) -> User:
    company_name = applicant.company_name if applicant.kind == Kind.ORGANISATION else ""
    customer = make_customer(applicant.kind, company_name=company_name)
    user = make_user(
        customer,
        full_name=applicant.full_name,
        email=applicant.email,
        role=Role.ADMIN,
        locale=applicant.locale,
        password_hash=password_hash,
    )
    user.age_confirmed_at = agreed_at
    db.session.flush()
    db.session.execute(delete(Registration).where(Registration.email_key == user.email_key))
    acceptance.agreed_at_sign_up(user, at=agreed_at)
    address_proven(user)
    emails.welcome(user)
    chain.record("account.opened", subject=user, actor_id=user.id, customer_id=customer.id)
    return user
