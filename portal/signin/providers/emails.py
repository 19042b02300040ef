"""Letters about linking: facts only; the words are in templates/mail/signin/."""

from datetime import datetime

from portal.accounts.models import User
from portal.core import web
from portal.mailer.post import write
from portal.signin.emails import to
from portal.signin.providers.models import PROVIDER_NAMES, Provider


def link_account(user: User, provider: Provider, secret: str, expires_at: datetime) -> None:
    """The provider speaks for this mailbox, and its owner asked for the letter: its button links."""
    write("signin/link-account", to(user), _facts(user, provider, secret), expires_at=expires_at)


def address_known(user: User, provider: Provider, secret: str, expires_at: datetime) -> None:
    """Somebody came from a provider and typed this address, which has an account: only its owner is told."""
    write("signin/address-known", to(user), _facts(user, provider, secret), expires_at=expires_at)


def _facts(user: User, provider: Provider, secret: str) -> dict[str, str]:
    link = web.absolute_url("linking.link_account", token=secret)
    return {"full_name": user.full_name, "provider": PROVIDER_NAMES[provider], "link": link}
