"""Facebook's data deletion callback. Where it stands is told by /data-deletion/<code>, beside the other erasures."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from portal.core import web
from portal.core.access import public
from portal.core.database import db
from portal.core.throttle import throttled
from portal.erasure import provider_deletion
from portal.extensions import csrf
from portal.signin.providers import facebook_says
from portal.signin.providers.callback_views import CALLS, SECONDS, refuse_signed_request
from portal.signin.providers.forms import SignedRequestForm
from portal.signin.providers.signed_request import Refused

bp = Blueprint("provider_deletion", __name__)


@bp.post("/facebook/data-deletion")
@csrf.exempt
@public
@throttled("facebook-callback", limit=CALLS, seconds=SECONDS)
def facebook_data_deletion() -> ResponseReturnValue:
    """Somebody asked at Facebook that what this app received be deleted; the answer that Meta asks for."""
    try:
        asked = facebook_says.heard(SignedRequestForm)
    except Refused as refusal:
        return refuse_signed_request(refusal)
    code = provider_deletion.ask(asked)
    db.session.commit()
    return jsonify(url=web.absolute_url("erasure.data_deletion", code=code), confirmation_code=code)
