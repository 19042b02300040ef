"""Linking by a letter: whoever came from a provider proves the mailbox of the account, signed out."""

from uuid import UUID

from portal.accounts import links
from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.accounts.service import email_key
from portal.signin import handshakes
from portal.signin.providers import emails, linking, newcomers
from portal.signin.providers.models import Newcomer

HOURS = 1


def offer(user: User, newcomer: Newcomer) -> None:
    """Write to the owner of the account, whoever asked; nothing is linked before they press."""
    secret, link = links.issue(user, LinkPurpose.LINK_ACCOUNT, hours=HOURS, about=newcomer.id.hex)
    letter = emails.link_account if newcomer.email_is_proven else emails.address_known
    letter(user, newcomer.provider, secret, link.expires_at)


def offered(secret: str) -> tuple[MailedLink, User, Newcomer] | None:
    """What a mailed link would do, as long as it may; while an account closes nothing is linked to it."""
    found = links.find(secret, LinkPurpose.LINK_ACCOUNT)
    if found is None:
        return None
    link, user = found
    newcomer = newcomers.by_id(UUID(link.about))
    is_theirs = link.mailed_to == user.email  # else whoever reads it proves a mailbox that is not theirs any more
    return (link, user, newcomer) if newcomer and is_theirs and not user.is_closing else None


def counts_here(user: User, newcomer: Newcomer) -> bool:
    """Whether a press in this browser links.

    What was given before a mailbox was proven counts only in the browser that gave it: otherwise a stranger could
    bring a Facebook account of their own, type this address, and hope for the owner's press. Where the provider
    itself speaks for the same mailbox there is no stranger, and any browser will do.
    """
    is_same_browser = newcomer.browser_hash == handshakes.known_browser_hash()
    return is_same_browser or (newcomer.email_is_proven and email_key(newcomer.email) == user.email_key)


def accept(link: MailedLink, user: User, newcomer: Newcomer) -> None:
    """The mailbox is proven: link. Raises linking.CannotLink."""
    linking.link(user, newcomer)
    links.use_up(link)
