"""What Google and Facebook call by themselves. Each call is signed; an unsigned one gets a 400 and an audit entry."""

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from portal.audit import chain
from portal.core.access import public
from portal.core.database import db
from portal.core.throttle import throttled
from portal.core.throttle.counting import is_first, place
from portal.core.web import visitor
from portal.extensions import csrf
from portal.signin.providers import event_tokens, events, facebook_says, keys, signed_request
from portal.signin.providers.event_keys import KeysUnavailable, event_keys
from portal.signin.providers.forms import SignedRequestForm
from portal.signin.providers.models import Provider

CALLS, SECONDS = 600, 600  # a provider calls from few addresses, so this is wide
RETRY_SECONDS = 60

bp = Blueprint("provider_callbacks", __name__)


@bp.post("/facebook/deauthorize")
@csrf.exempt
@public
@throttled("facebook-callback", limit=CALLS, seconds=SECONDS)
def deauthorize() -> ResponseReturnValue:
    """Somebody removed this app at Facebook: the link goes, the account stays. The answer is the same for all."""
    try:
        asked = facebook_says.heard(SignedRequestForm)
    except signed_request.Refused as refusal:
        return refuse_signed_request(refusal)
    facebook_says.deauthorize(asked)
    db.session.commit()
    return jsonify({})


@bp.post("/google/events")
@csrf.exempt
@public
@throttled("google-events", limit=CALLS, seconds=SECONDS)
def google_events() -> ResponseReturnValue:
    """A security event token (RFC 8935): 202 and nothing more, 400 with a code, or 503 while it cannot be judged."""
    try:
        told = event_tokens.read(_body(), known=event_keys(), client_id=_client_id())
    except event_tokens.Refused as refusal:
        return _refuse_event(refusal)
    except KeysUnavailable:
        return _come_again()
    events.act_on(told)
    db.session.commit()
    return make_response("", 202)


def refuse_signed_request(refusal: signed_request.Refused) -> Response:
    """400 for whoever is not Facebook, noted."""
    _note("facebook.callback-refused")
    return make_response(jsonify(error="invalid signed_request", detail=str(refusal)), 400)


def _note(act: str) -> None:
    """On the chain once in ten minutes for each address: the chain stays for good, and anybody can send nonsense."""
    if is_first(act, place(visitor().ip), seconds=SECONDS):
        chain.record(act)
        db.session.commit()


def _client_id() -> str:
    """Empty without a registration at Google; the demo stand-in sends no events."""
    ours = keys.of(Provider.GOOGLE)
    return "" if ours is None or ours.is_demo else ours.client_id


def _body() -> bytes:
    """The token as it came, whatever Content-Type it was given. One byte more than the most is read, to see it is."""
    try:
        return request.stream.read(event_tokens.LONGEST + 1).strip()
    except RequestEntityTooLarge:
        raise event_tokens.Refused("invalid_request", "It is too long.") from None


def _refuse_event(refusal: event_tokens.Refused) -> Response:
    _note("google.event-refused")
    response = make_response(jsonify(err=refusal.err, description=refusal.description), 400)
    response.headers["Content-Language"] = "en"  # RFC 8935, 2.4
    return response


def _come_again() -> Response:
    """Google sends again after a 5xx, and never after a 400: an event that nobody could judge must not be lost."""
    response = make_response("", 503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
