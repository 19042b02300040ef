"""A stand-in for Facebook, for trying out: the login dialog and the Graph API, in development only."""

import hmac

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from portal.core.access import public
from portal.dev import agreeing, grants
from portal.extensions import csrf
from portal.signin.providers import keys
from portal.signin.providers.facebook import appsecret_proof
from portal.signin.providers.models import Provider

bp = Blueprint("dev_facebook", __name__, url_prefix="/dev/facebook")

TOKEN = "facebook token"
TOKEN_SECONDS = 3600


@bp.route("/dialog/oauth", methods=["GET", "POST"])
@csrf.exempt
@public
def dialog() -> ResponseReturnValue:
    return agreeing.ask(Provider.FACEBOOK)


@bp.post("/graph/oauth/access_token")
@csrf.exempt
@public
def access_token() -> ResponseReturnValue:
    facts, wrong = agreeing.redeem(Provider.FACEBOOK)
    if facts is None:
        return _refused(wrong)
    person = {"id": facts["number"], "name": facts["name"]} | ({"email": facts["email"]} if facts["email"] else {})
    token = grants.give(TOKEN, person, seconds=TOKEN_SECONDS)
    return jsonify(access_token=token, token_type="bearer", expires_in=TOKEN_SECONDS)


@bp.get("/graph/me")
@public
def me() -> ResponseReturnValue:
    token = _bearer()
    try:
        person = grants.taken(TOKEN, token)
    except grants.NotGiven:
        return _refused("Invalid OAuth access token.")
    proof = appsecret_proof(token, keys.demo(Provider.FACEBOOK).client_secret)
    if not hmac.compare_digest(proof.encode(), request.args.get("appsecret_proof", "").encode()):
        return _refused("API calls from the server require an appsecret_proof argument")
    asked = request.args.get("fields", "id,name").split(",")
    return jsonify({name: value for name, value in person.items() if name in asked})


@bp.get("/graph/debug_token")
@public
def debug_token() -> ResponseReturnValue:
    ours = keys.demo(Provider.FACEBOOK)
    if not hmac.compare_digest(_bearer().encode(), f"{ours.client_id}|{ours.client_secret}".encode()):
        return _refused("You must provide an app access token")
    try:
        person = grants.taken(TOKEN, request.args.get("input_token", ""))
    except grants.NotGiven:
        return jsonify(data={"app_id": ours.client_id, "is_valid": False, "user_id": ""})
    return jsonify(data={"app_id": ours.client_id, "type": "USER", "is_valid": True, "user_id": person["id"]})


def _bearer() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _refused(message: str) -> ResponseReturnValue:
    return jsonify(error={"message": message, "type": "OAuthException", "code": 100}), 400
