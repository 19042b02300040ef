"""Going to Google or Facebook and coming back (linking: linking_views)."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import web
from portal.core.access import public
from portal.core.database import db, writing
from portal.core.throttle import count
from portal.core.throttle.counting import place
from portal.signin import handshakes
from portal.signin.models import HandshakeKind
from portal.signin.providers import arriving, going, keys
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import PROVIDER_NAMES, Provider
from portal.signin.providers.outgoing import Refused, Unanswered

bp = Blueprint("providers", __name__)

LONGEST = {"state": 100, "code": 2000, "error": 100, "iss": 200}
CANCELLED = ("access_denied", "user_cancelled_login", "interaction_required", "consent_required", "login_required")


@dataclass(frozen=True)
class Answer:
    """What the provider's redirect carries; a part that is missing is empty."""

    state: str
    code: str
    error: str
    iss: str | None


@bp.get("/sign-in/google")
@public
def google() -> ResponseReturnValue:
    return _leave(Provider.GOOGLE)


@bp.get("/sign-in/google/callback")
@public
def google_callback() -> ResponseReturnValue:
    return _come_back(Provider.GOOGLE)


@bp.get("/sign-in/facebook")
@public
def facebook() -> ResponseReturnValue:
    return _leave(Provider.FACEBOOK)


@bp.get("/sign-in/facebook/callback")
@public
def facebook_callback() -> ResponseReturnValue:
    return _come_back(Provider.FACEBOOK)


@bp.app_context_processor
def offered() -> dict[str, Any]:
    """For signin/_other_ways.html."""
    return {"other_ways": going.offers}


def _leave(provider: Provider) -> ResponseReturnValue:
    _count_or_404(provider)
    return going.go(provider, purpose="sign-in", after=web.safe_next(request.args.get("next")))


def _come_back(provider: Provider) -> ResponseReturnValue:
    _count_or_404(provider)
    try:
        answer = _answer()
        began = _began(provider, answer.state)
    except Refused as refused:
        return _failed(provider, refused.why)
    purpose, after = began["purpose"], began["after"]
    if answer.error in CANCELLED:
        return _cancelled(provider, purpose=purpose, after=after)
    try:
        identity = _identify(provider, answer, began)
    except Unanswered as error:
        return going.silent(provider, purpose=purpose, after=after, why=str(error))
    except Refused as refused:
        return _failed(provider, refused.why)
    with writing():
        reply = arriving.arrive(identity, handshake=began, seen=web.visitor())
        db.session.commit()
    return reply


def _count_or_404(provider: Provider) -> None:
    """Wide enough for a house behind one address; a forger's guesses end here long before they could fit."""
    if not going.is_offered(provider):
        abort(404)
    count("provider", place(web.visitor().ip), limit=200, seconds=600)


def _answer() -> Answer:
    """Each part once at most, and no longer than such parts are. Raises Refused."""
    for name, longest in LONGEST.items():
        given = request.args.getlist(name)
        if len(given) > 1 or any(len(value) > longest for value in given):
            raise Refused("parameters")
    given_of = request.args.get
    return Answer(given_of("state", ""), given_of("code", ""), given_of("error", ""), given_of("iss"))


def _began(provider: Provider, state: str) -> dict[str, Any]:
    """What this browser began, once: it is gone when this returns, whatever comes of it. Raises Refused."""
    if handshakes.known_browser_hash() is None:
        raise Refused("no cookie")
    db.session.commit()
    with writing():
        began = handshakes.take(HandshakeKind.PROVIDER, state)
        db.session.commit()
    if began is None:
        raise Refused("state")
    if began["provider"] != provider:
        raise Refused("another provider")
    return began


def _identify(provider: Provider, answer: Answer, began: dict[str, Any]) -> Identity:
    """Ask the provider who that was, with no transaction open. Raises Refused, Unanswered."""
    ours = keys.of(provider)
    if answer.error or ours is None:
        raise Unanswered("error")
    if not answer.code:
        raise Refused("no code")
    identity: Identity = going.SPEAKS[provider].identify(
        ours,
        code=answer.code,
        issuer=answer.iss,
        nonce=began["nonce"],
        verifier=began["verifier"],
        redirect_uri=going.callback(provider),
    )
    return identity


def _failed(provider: Provider, why: str) -> ResponseReturnValue:
    """Forged, replayed, expired or not this browser's: a page that says what to do, and nothing half made."""
    going.note("signin.provider-refused", provider, why)
    return web.page(
        "signin/provider-failed.html",
        status=400,
        provider=PROVIDER_NAMES[provider],
        again=f"providers.{provider}",
        is_over=why == "state",
        is_without_cookie=why == "no cookie",
    )


def _cancelled(provider: Provider, *, purpose: str, after: str | None) -> ResponseReturnValue:
    going.note("signin.provider-cancelled", provider, "cancelled")
    flash(
        _("You came back from %(provider)s without agreeing. Nothing was changed.", provider=PROVIDER_NAMES[provider]),
        "info",
    )
    return going.back(purpose=purpose, after=after)
