"""A provider takes back its word about a person: the link goes, what it opened ends, the account stays (4.3)."""

from collections import Counter

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import User
from portal.core import clock, hashes, web
from portal.core.database import db
from portal.signin import alarms, sessions, ways_in
from portal.signin.models import SignIn
from portal.signin.providers import linking
from portal.signin.providers.models import PROVIDER_NAMES, LinkedAccount, Newcomer, Provider, ProviderEvent


def is_new(provider: Provider, event: str) -> bool:
    """Note that `event` came, by a keyed hash; False when it has been acted on before, also at this very moment.

    Whoever comes second waits until the first has committed, and then finds it noted.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    key = hashes.keyed(f"provider-event:{provider}", event)
    noted = insert(ProviderEvent).values(key=key, received_at=clock.now()).on_conflict_do_nothing()
    return db.session.execute(noted.returning(ProviderEvent.key)).first() is not None


def holder(provider: Provider, subject: str) -> tuple[LinkedAccount, User] | None:
    """Whose account this person at the provider opens. Nobody else touches its links until this transaction ends."""
    found = _find(provider, subject)
    if found is None:
        return None
    ways_in.hold(found[1])
    return _find(provider, subject)  # the link may have gone while another held it


def _find(provider: Provider, subject: str) -> tuple[LinkedAccount, User] | None:
    query = select(LinkedAccount, User).join(User, LinkedAccount.user_id == User.id)
    mine = query.where(LinkedAccount.provider == provider, LinkedAccount.subject == subject)
    row = db.session.execute(mine.order_by(LinkedAccount.id.desc()).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def take_back(provider: Provider, subject: str) -> tuple[User | None, Counter[str]]:
    """Drop what came from `provider` about this person; whose account it was, and how many rows of each table went.

    The person gets a letter. Where it was their only way in, they get in again by the link that "forgot password"
    mails, and the letter says so.
    """
    gone = Counter({"newcomer": _forget_newcomers(provider, subject)})
    found = holder(provider, subject)
    if found is None:
        return None, +gone
    account, user = found
    is_last = ways_in.is_last(user, provider.way, account.id)
    gone["sign_in"] = _count_sign_ins(user, provider)
    gone["linked_account"] = int(linking.drop(user, provider))
    _tell(user, provider, is_last=is_last)
    return user, +gone


def _tell(user: User, provider: Provider, *, is_last: bool) -> None:
    """The letter names no browser: the one that asks is the provider's own."""
    facts = {
        "provider": PROVIDER_NAMES[provider],
        "is_last": is_last,
        "way_back": web.absolute_url("signin.forgot_password"),
    }
    alarms.tell(user, "signin/account-unlinked", about=provider.value, facts=facts, by_browser=False)


def end_sessions(provider: Provider, user: User) -> None:
    """Only what the provider opened: a session by password or passkey was never its word."""
    sessions.end_by_way(user.id, provider.way)


def _count_sign_ins(user: User, provider: Provider) -> int:
    theirs = select(func.count()).select_from(SignIn).where(SignIn.user_id == user.id, SignIn.way == provider.way)
    return db.session.scalar(theirs) or 0


def _forget_newcomers(provider: Provider, subject: str) -> int:
    gone = delete(Newcomer).where(Newcomer.provider == provider, Newcomer.subject == subject).returning(Newcomer.id)
    return len(db.session.execute(gone).all())
