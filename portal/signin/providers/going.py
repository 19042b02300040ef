"""Leaving for Google or Facebook: what is kept here until somebody comes back, and where they are sent."""

from dataclasses import dataclass
from typing import Any

import structlog
from flask import Response, abort, flash, make_response, redirect
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import User
from portal.audit import chain
from portal.core import hashes, web
from portal.core.database import db, writing
from portal.core.throttle.counting import is_first, place
from portal.core.web import visitor
from portal.signin import handshakes
from portal.signin.models import HandshakeKind
from portal.signin.providers import facebook, google, keys
from portal.signin.providers.models import PROVIDER_NAMES, Provider
from portal.signin.providers.outgoing import Unanswered

MINUTES = 10
SPEAKS: dict[Provider, Any] = {Provider.GOOGLE: google, Provider.FACEBOOK: facebook}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Offer:
    """One button."""

    provider: Provider
    name: str
    endpoint: str
    is_demo: bool


def is_offered(provider: Provider) -> bool:
    """Whether the portal has keys at this provider (in development: or a stand-in for it)."""
    return keys.of(provider) is not None


def offers() -> list[Offer]:
    """The buttons to show, in their order."""
    found = [(provider, keys.of(provider)) for provider in Provider]
    return [
        Offer(provider, PROVIDER_NAMES[provider], f"providers.{provider}", ours.is_demo)
        for provider, ours in found
        if ours is not None
    ]


def go(provider: Provider, *, purpose: str, user: User | None = None, after: str | None = None) -> Response:
    """Send this browser to the provider, to sign in or to `link` what comes back to `user`.

    Commits by itself: the provider may be asked over the network first, with nothing held open. Where it does not
    answer, the browser goes back to where it came from, and is told. 404 where it is not offered.
    """
    ours = keys.of(provider)
    if ours is None:
        abort(404)
    db.session.commit()
    state, nonce, verifier = (hashes.new_secret() for _secret in range(3))
    try:
        address = SPEAKS[provider].leave(
            ours, state=state, nonce=nonce, verifier=verifier, redirect_uri=callback(provider)
        )
    except Unanswered as error:
        return silent(provider, purpose=purpose, after=after, why=str(error))
    data = {"provider": provider, "purpose": purpose, "user": user.id.hex if user else None, "after": after}
    data |= {"nonce": nonce, "verifier": verifier}
    with writing():
        handshakes.begin(HandshakeKind.PROVIDER, minutes=MINUTES, data=data, key=state, user=user)
        db.session.commit()
    return make_response(redirect(address, 303))


def silent(provider: Provider, *, purpose: str, after: str | None, why: str) -> Response:
    """Back to where they came from, and told that the provider does not answer; commits the note of it."""
    note("signin.provider-silent", provider, why)
    name = PROVIDER_NAMES[provider]
    flash(
        _("%(provider)s does not answer as it should just now. Please try again later, or another way.", provider=name),
        "error",
    )
    return back(purpose=purpose, after=after)


def back(*, purpose: str, after: str | None) -> Response:
    """To the page that the way to the provider began on."""
    if purpose == "link":
        return make_response(redirect("/security/linked", 303))
    return web.see_other("signin.sign_in", next=web.safe_next(after))


def note(act: str, provider: Provider, why: str) -> None:
    """Every way that ends without an identity is in the log, without anybody's name, and on the chain.

    There once in ten minutes for each address that nobody is signed in at: the chain stays for good.
    """
    log.warning(act, provider=str(provider), why=why)
    db.session.commit()
    user = current_user if current_user.is_authenticated else None
    if user is None and not is_first(act, f"{provider} {place(visitor().ip)}", seconds=600):
        return
    with writing():
        chain.record(
            act,
            subject=user,
            actor_id=user.id if user else None,
            customer_id=user.customer_id if user else None,
            reason=f"{provider}: {why}",
        )
        db.session.commit()


def callback(provider: Provider) -> str:
    """The address that is registered at the provider: each has its own, so that no answer is taken for another's."""
    return web.absolute_url(f"providers.{provider}_callback")
