"""What Google tells of a person's account there, and what follows here (Cross-Account Protection; OpenID RISC events).

The account here is never closed on a provider's word: only what the provider vouched for ends.
"""

from collections.abc import Callable

from sqlalchemy import update

from portal.accounts.models import User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.signin import pending, sessions
from portal.signin.providers import taken_back
from portal.signin.providers.event_tokens import Event, Told
from portal.signin.providers.models import LinkedAccount, Provider

RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
VERIFICATION = RISC + "verification"


def act_on(told: Told) -> None:
    """Do what follows from each event, once: a token that came before changes nothing."""
    if not taken_back.is_new(Provider.GOOGLE, told.jti):
        chain.record("google.events-repeated")
        return
    for event in told.events:
        _act_on(event)


def _act_on(event: Event) -> None:
    if event.kind == VERIFICATION:
        chain.record("google.verified")  # we asked for it; its `state` is kept nowhere, since anything may stand there
        return
    if event.kind not in ACTS:
        chain.record("google.event-unknown")
        return
    name, act = ACTS[event.kind]
    held = taken_back.holder(Provider.GOOGLE, event.subject) if event.subject else None
    if held is None:
        return
    account, user = held
    chain.record(f"google.{name}", subject=user, customer_id=user.customer_id)
    act(event, account, user)


def _end_its_sessions(event: Event, account: LinkedAccount, user: User) -> None:
    """Sessions that Google opened. No token of Google's is kept here, so there is none to drop."""
    taken_back.end_sessions(Provider.GOOGLE, user)


def _pause(event: Event, account: LinkedAccount, user: User) -> None:
    """Nobody gets in by it until Google enables the account again, or its owner proves who they are and links anew.

    Hijacked: whoever holds the account there may have come in here, so every session ends, whichever way it was
    opened, and whatever was begun is cancelled. No letter: it might reach the hijacker's eyes first.
    """
    db.session.execute(
        update(LinkedAccount)
        .where(LinkedAccount.id == account.id, LinkedAccount.paused_at.is_(None))
        .values(paused_at=clock.now())
    )
    if event.reason == "hijacking":
        sessions.end_others(user, keep=None)
        pending.cancel(user)


def _resume(event: Event, account: LinkedAccount, user: User) -> None:
    db.session.execute(update(LinkedAccount).where(LinkedAccount.id == account.id).values(paused_at=None))


def _unlink(event: Event, account: LinkedAccount, user: User) -> None:
    """The account there is gone for ever, and with it this way in: keeping the link would keep data, and open nothing.

    It goes even where it was the last way in. The mailed link still works for whoever has the mailbox.
    """
    taken_back.take_back(Provider.GOOGLE, account.subject)


def _note(event: Event, account: LinkedAccount, user: User) -> None:
    """Google has asked the person for a new password there; here nothing has happened, and nobody is alarmed."""


ACTS: dict[str, tuple[str, Callable[[Event, LinkedAccount, User], None]]] = {
    RISC + "sessions-revoked": ("sessions-revoked", _end_its_sessions),
    OAUTH + "tokens-revoked": ("tokens-revoked", _end_its_sessions),
    OAUTH + "token-revoked": ("token-revoked", _end_its_sessions),
    RISC + "account-disabled": ("account-disabled", _pause),
    RISC + "account-enabled": ("account-enabled", _resume),
    RISC + "account-purged": ("account-purged", _unlink),
    RISC + "account-credential-change-required": ("credential-change-required", _note),
}
