"""What follows from Facebook's own callbacks."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from portal.audit import chain
from portal.signin.providers import keys, signed_request, taken_back
from portal.signin.providers.forms import SignedRequestForm
from portal.signin.providers.models import Provider
from portal.signin.providers.signed_request import Refused, SignedRequest

LONGEST = 16_000  # bytes of the whole form


def heard(form: type[SignedRequestForm]) -> SignedRequest:
    """What Facebook says in this request, checked. Raises Refused."""
    request.max_content_length = LONGEST
    try:
        posted = request.form
    except RequestEntityTooLarge:
        raise Refused("it is too long") from None
    text = form(formdata=posted).signed_request.data or ""
    ours = keys.of(Provider.FACEBOOK)
    return signed_request.read(text, secret=ours.client_secret if ours else "")


def deauthorize(asked: SignedRequest) -> None:
    """Unlink, end what Facebook opened, tell the person; once, and nothing for whom nobody knows."""
    if not taken_back.is_new(Provider.FACEBOOK, f"deauthorize {asked.user_id} {asked.issued_at.isoformat()}"):
        chain.record("facebook.callback-repeated")
        return
    user, _gone = taken_back.take_back(Provider.FACEBOOK, asked.user_id)
    if user is not None:
        chain.record("facebook.deauthorized", subject=user, customer_id=user.customer_id)
