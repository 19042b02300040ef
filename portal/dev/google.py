"""A stand-in for Google, for trying out: OpenID Connect over HTTP, in development only."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey

from portal.core import clock, hashes
from portal.core.access import public
from portal.dev import agreeing
from portal.extensions import csrf
from portal.signin.providers import keys
from portal.signin.providers.models import Provider
from portal.storage.disk import Disk
from portal.storage.opened import instance_path
from portal.storage.place import Missing, Taken

bp = Blueprint("dev_google", __name__, url_prefix="/dev/google")

KEY = "DEMO_GOOGLE_KEY"
KEY_BITS = 2048
HOUR = 3600


@bp.get("/.well-known/openid-configuration")
@public
def discovery() -> ResponseReturnValue:
    issuer = _issuer()
    return jsonify(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        jwks_uri=f"{issuer}/jwks",
        response_types_supported=["code"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["RS256"],
        code_challenge_methods_supported=["S256"],
        authorization_response_iss_parameter_supported=True,
    )


@bp.get("/jwks")
@public
def jwks() -> ResponseReturnValue:
    key = signing_key()
    return jsonify(keys=[key.as_dict(private=False, kid=key.thumbprint(), alg="RS256", use="sig")])


@bp.route("/authorize", methods=["GET", "POST"])
@csrf.exempt
@public
def authorize() -> ResponseReturnValue:
    return agreeing.ask(Provider.GOOGLE, iss=_issuer())


@bp.post("/token")
@csrf.exempt
@public
def token() -> ResponseReturnValue:
    facts, wrong = agreeing.redeem(Provider.GOOGLE)
    if facts is None:
        return jsonify(error=wrong), 401 if wrong == "invalid_client" else 400
    now, key = int(clock.now().timestamp()), signing_key()
    claims = {"iss": _issuer(), "aud": keys.DEMO_CLIENT_ID, "sub": facts["number"], "iat": now, "exp": now + HOUR}
    claims |= {"nonce": facts["nonce"], "name": facts["name"]}
    claims |= {"email": facts["email"], "email_verified": facts["speaks_for"]}
    if facts["speaks_for"]:
        claims["hd"] = facts["email"].partition("@")[2]
    id_token = jwt.encode({"alg": "RS256", "kid": key.thumbprint()}, claims, key)
    return jsonify(id_token=id_token, access_token=hashes.new_secret(), token_type="Bearer", expires_in=HOUR)


def signing_key() -> RSAKey:
    """The stand-in's key, made once in instance/secrets; processes that start at once agree on it."""
    folder = Disk(instance_path() / "secrets")
    try:
        return RSAKey.import_key(folder.get(KEY))
    except Missing:
        made = RSAKey.generate_key(KEY_BITS)
    try:
        folder.put(KEY, made.as_pem(private=True), create=True)
    except Taken:
        return RSAKey.import_key(folder.get(KEY))
    return made


def _issuer() -> str:
    return keys.demo_address(Provider.GOOGLE)
