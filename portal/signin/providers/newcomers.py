"""Who came back from a provider and is not linked yet: bound to the browser that went there."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal.core import clock
from portal.core.database import db
from portal.signin import handshakes
from portal.signin.providers import received
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import Newcomer

AT_HAND = timedelta(hours=1)


def remember(identity: Identity) -> Newcomer:
    """Keep what the provider said for this browser; the same person coming twice is kept once."""
    handshakes.renew_browser()
    browser = handshakes.browser_hash()
    row = db.session.scalar(
        select(Newcomer).where(
            Newcomer.browser_hash == browser,
            Newcomer.issuer == identity.issuer,
            Newcomer.subject == identity.subject,
        )
    )
    if row is None:
        row = Newcomer(
            browser_hash=browser, provider=identity.provider, issuer=identity.issuer, subject=identity.subject
        )
        db.session.add(row)
    received.put(row, identity)
    row.came_at = clock.now()
    return row


def here() -> Newcomer | None:
    """Who came last in this browser, within the last hour."""
    browser = handshakes.known_browser_hash()
    if browser is None:
        return None
    return db.session.scalar(
        select(Newcomer)
        .where(Newcomer.browser_hash == browser, Newcomer.came_at > clock.now() - AT_HAND)
        .order_by(Newcomer.came_at.desc())
        .limit(1)
    )


def by_id(newcomer_id: UUID | None) -> Newcomer | None:
    """The one that a sign-up or a letter speaks of, as long as it is kept."""
    return None if newcomer_id is None else db.session.get(Newcomer, newcomer_id)


def forget(newcomer_id: UUID | None) -> None:
    """What the provider said is not needed any more."""
    db.session.execute(delete(Newcomer).where(Newcomer.id == newcomer_id))
