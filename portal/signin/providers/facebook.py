"""Facebook by OAuth 2: state, PKCE, `appsecret_proof`; the token's own owner checked; no word taken for a mailbox."""

import hmac
from dataclasses import dataclass
from typing import Any

from portal.extensions import settings
from portal.signin.providers import keys, outgoing, told
from portal.signin.providers.identity import Identity
from portal.signin.providers.keys import Keys
from portal.signin.providers.models import Provider
from portal.signin.providers.outgoing import Refused, Unanswered

ISSUER = "https://www.facebook.com"
SCOPE = "public_profile email"
FIELDS = "id,name,email"


@dataclass(frozen=True)
class Addresses:
    """Where the dialog and the Graph API stand."""

    dialog: str
    graph: str


def leave(ours: Keys, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
    """The address at Facebook where the person agrees."""
    with outgoing.session(ours, scope=SCOPE, redirect_uri=redirect_uri) as client:
        address, _state = client.create_authorization_url(_addresses(ours).dialog, state=state, code_verifier=verifier)
    return str(address)


def identify(ours: Keys, *, code: str, issuer: str | None, nonce: str, verifier: str, redirect_uri: str) -> Identity:
    """Who came back with this `code`: used and forgotten is the access token that it gives.

    The Graph API has no word for a verified address, so none is ever taken as proven (standards C2).
    Raises Unanswered, Refused.
    """
    if issuer not in (None, ISSUER):
        raise Refused("issuer of the answer")
    graph = _addresses(ours).graph
    given = outgoing.exchange(
        ours, f"{graph}/oauth/access_token", code=code, verifier=verifier, redirect_uri=redirect_uri
    )
    token = given["access_token"]
    person = _person(ours, graph, token)
    subject = told.number(person.get("id"))
    _check_owner(ours, graph, token, subject)
    return Identity(
        provider=Provider.FACEBOOK,
        issuer=ISSUER,
        subject=subject,
        email=told.email(person.get("email")),
        email_is_proven=False,
        full_name=told.name(person.get("name")),
    )


def appsecret_proof(token: str, secret: str) -> str:
    """What shows that a call with a person's token comes from the app itself: HMAC-SHA256, in hex."""
    return hmac.digest(secret.encode(), token.encode(), "sha256").hex()


def _person(ours: Keys, graph: str, token: str) -> dict[str, Any]:
    proof = appsecret_proof(token, ours.client_secret)
    return _said(*outgoing.ask(f"{graph}/me", token=token, fields=FIELDS, appsecret_proof=proof))


def _check_owner(ours: Keys, graph: str, token: str, subject: str) -> None:
    """The token was given to this portal, is alive, and is the person's who answered. Raises Refused, Unanswered."""
    app_token = f"{ours.client_id}|{ours.client_secret}"
    facts = _said(*outgoing.ask(f"{graph}/debug_token", token=app_token, input_token=token)).get("data")
    if not isinstance(facts, dict):
        raise Unanswered("nonsense")
    if facts.get("app_id") != ours.client_id or facts.get("is_valid") is not True:
        raise Refused("token of another app")
    if facts.get("user_id") != subject:
        raise Refused("token of another person")


def _said(status: int, said: dict[str, Any]) -> dict[str, Any]:
    if status != 200 or "error" in said:
        raise Unanswered("refuses the call")
    return said


def _addresses(ours: Keys) -> Addresses:
    if ours.is_demo:
        stand_in = keys.demo_address(Provider.FACEBOOK)
        return Addresses(f"{stand_in}/dialog/oauth", f"{stand_in}/graph")
    return Addresses(settings().facebook_authorize_url, settings().facebook_graph_url)
