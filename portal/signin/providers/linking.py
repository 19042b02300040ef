"""Linking a Google or Facebook account and taking it off again (clause 4.3): by subject, never by address."""

from sqlalchemy import delete, select

from portal.accounts import links
from portal.accounts.models import LinkPurpose, User
from portal.audit import chain
from portal.core.database import db
from portal.signin import alarms, sessions, ways_in
from portal.signin.models import SignIn
from portal.signin.providers import newcomers, received
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import PROVIDER_NAMES, LinkedAccount, Newcomer, Provider


class CannotLink(Exception):
    """This identity cannot be linked to this person."""


class LinkedElsewhere(CannotLink):
    """It opens another account; whose is not said."""


class AnotherIsLinked(CannotLink):
    """This person has another account of the same provider linked; it must be taken off first."""


class LastWayIn(Exception):
    """Without it the person could not get in any more."""


def find(issuer: str, subject: str) -> tuple[LinkedAccount, User] | None:
    """The link of this identity, and whose it is."""
    row = db.session.execute(
        select(LinkedAccount, User)
        .join(User, LinkedAccount.user_id == User.id)
        .where(LinkedAccount.issuer == issuer, LinkedAccount.subject == subject)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def accounts_of(user: User) -> dict[Provider, LinkedAccount]:
    """What is linked, by provider."""
    rows = db.session.scalars(select(LinkedAccount).where(LinkedAccount.user_id == user.id))
    return {row.provider: row for row in rows}


def names_of(user: User) -> list[str]:
    """The names of the providers that are linked, for letters."""
    return [PROVIDER_NAMES[provider] for provider in Provider if provider in accounts_of(user)]


def check(user: User, newcomer: Newcomer) -> None:
    """Raises LinkedElsewhere or AnotherIsLinked when this newcomer cannot be linked to this person."""
    found = find(newcomer.issuer, newcomer.subject)
    if found is not None:
        raise LinkedElsewhere if found[1].id != user.id else AnotherIsLinked
    if newcomer.provider in accounts_of(user):
        raise AnotherIsLinked


def add(user: User, newcomer: Newcomer) -> LinkedAccount:
    """The row alone: for an account that opens with it, where nothing needs to be told."""
    account = LinkedAccount(
        user_id=user.id,
        provider=newcomer.provider,
        issuer=newcomer.issuer,
        subject=newcomer.subject,
        email=newcomer.email,
        email_is_proven=newcomer.email_is_proven,
        full_name=newcomer.full_name,
    )
    db.session.add(account)
    newcomers.forget(newcomer.id)
    chain.record("account.linked", subject=user, actor_id=user.id, customer_id=user.customer_id)
    return account


def link(user: User, newcomer: Newcomer) -> LinkedAccount:
    """Link, and tell the person by letter. Raises LinkedElsewhere, AnotherIsLinked."""
    ways_in.hold(user)
    check(user, newcomer)
    account = add(user, newcomer)
    _tell(user, "signin/account-linked", newcomer.provider)
    return account


def resume(account: LinkedAccount, identity: Identity, user: User) -> None:
    """The person, freshly proven, came back with what is linked already: a pause ends."""
    received.put(account, identity)
    if account.paused_at is None:
        return
    account.paused_at = None
    chain.record("account.link-resumed", subject=user, actor_id=user.id, customer_id=user.customer_id)


def unlink(user: User, provider: Provider, *, keep: SignIn | None) -> bool:
    """Take a link off; sessions it opened end, but the present one. False when nothing was linked.

    Raises LastWayIn.
    """
    ways_in.hold(user)
    account = accounts_of(user).get(provider)
    if account is None:
        return False
    if ways_in.is_last(user, provider.way, account.id):
        raise LastWayIn
    drop(user, provider, keep=keep)
    _tell(user, "signin/account-unlinked", provider)
    return True


def drop(user: User, provider: Provider, *, keep: SignIn | None = None) -> bool:
    """Without a question and without a letter ("this was not me", a provider that takes back its word)."""
    gone = db.session.execute(
        delete(LinkedAccount)
        .where(LinkedAccount.user_id == user.id, LinkedAccount.provider == provider)
        .returning(LinkedAccount.id)
    ).first()
    links.forget(user, LinkPurpose.LINK_ACCOUNT)
    sessions.end_by_way(user.id, provider.way, keep=keep)
    if gone is not None:
        chain.record("account.unlinked", subject=user, actor_id=user.id, customer_id=user.customer_id)
    return gone is not None


def _tell(user: User, letter: str, provider: Provider) -> None:
    alarms.tell(user, letter, about=provider.value, facts={"provider": PROVIDER_NAMES[provider]})
