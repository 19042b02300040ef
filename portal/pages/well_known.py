"""Well-known addresses: where a password is changed, where passkeys live, GPC, and how to report a weakness."""

from datetime import UTC, date, datetime

from flask import Blueprint, Response, jsonify, make_response
from flask.typing import ResponseReturnValue

from portal.core import web
from portal.core.access import public
from portal.extensions import settings

SECURITY_TXT_EXPIRES = datetime(2027, 11, 1, tzinfo=UTC)  # less than a year ahead (RFC 9116, 2.5.5)
GPC_SINCE = date(2026, 11, 23)

bp = Blueprint("well_known", __name__, url_prefix="/.well-known")


@bp.get("/change-password")
@public
def change_password() -> ResponseReturnValue:
    """For password managers (W3C, "A Well-Known URL for Changing Passwords"); who is signed out signs in first."""
    return web.see_other("signin.change_password")


@bp.get("/passkey-endpoints")
@public
def passkey_endpoints() -> ResponseReturnValue:
    """For password managers (W3C, "A Well-Known URL for Relying Party Passkey Endpoints")."""
    page = settings().base_url + "/security/passkeys"
    return jsonify(enroll=page, manage=page)


@bp.get("/gpc.json")
@public
def gpc() -> ResponseReturnValue:
    """That Global Privacy Control is honoured (W3C, "Global Privacy Control"), and since when it is so."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE.isoformat())


@bp.get("/security.txt")
@public
def security_txt() -> Response:
    """How to report a weakness (RFC 9116)."""
    given = settings()
    lines = (
        f"Contact: mailto:{given.support_email}",
        f"Contact: {web.absolute_url('support.contact')}",
        f"Expires: {SECURITY_TXT_EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Canonical: {web.absolute_url('well_known.security_txt')}",
    )
    response = make_response("\n".join(lines) + "\n")
    response.content_type = "text/plain; charset=utf-8"
    return response
