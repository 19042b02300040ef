"""The page of a stand-in: plainly no Google and no Facebook; choose who to be, or cancel, and go back to the portal."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from portal.core import web
from portal.dev import grants
from portal.dev.somebody import CANCEL, PEOPLE, TYPED, FacebookForm, GoogleForm, Somebody
from portal.signin.providers import going, keys
from portal.signin.providers.models import PROVIDER_NAMES, Provider

CODE_SECONDS = 60
FORMS: dict[Provider, Any] = {Provider.GOOGLE: GoogleForm, Provider.FACEBOOK: FacebookForm}


def ask(provider: Provider, **also_told: str) -> ResponseReturnValue:
    """The authorization endpoint (RFC 6749, 4.1.1): only the portal may ask, and only with PKCE.

    `also_told` goes along with every answer.
    """
    _check_request(provider)
    form = FORMS[provider]()
    chosen = request.form.get("as", "")
    if request.method == "GET" or chosen not in (TYPED, CANCEL, *PEOPLE[provider]):
        return _page(provider, form)
    if chosen == CANCEL:
        return _back(provider, error="access_denied", **also_told)
    if chosen == TYPED and not form.validate_on_submit():
        return _page(provider, form)
    person = form.somebody() if chosen == TYPED else PEOPLE[provider][chosen]
    return _back(provider, code=_code(provider, person), **also_told)


def redeem(provider: Provider) -> tuple[dict[str, Any] | None, str]:
    """What a code stands for, asked for by the portal itself (RFC 6749, 4.1.3); or None and what was wrong."""
    ours, given = keys.demo(provider), request.form
    if (given.get("client_id"), given.get("client_secret")) != (ours.client_id, ours.client_secret):
        return None, "invalid_client"
    if given.get("grant_type") != "authorization_code":
        return None, "unsupported_grant_type"
    try:
        facts = grants.taken(f"{provider} code", given.get("code", ""))
    except grants.NotGiven:
        return None, "invalid_grant"
    is_same = given.get("redirect_uri") == going.callback(provider)
    if not is_same or not grants.answers_challenge(facts["challenge"], given.get("code_verifier", "")):
        return None, "invalid_grant"
    return facts, ""


def _check_request(provider: Provider) -> None:
    asked = request.args
    is_portal = asked.get("client_id") == keys.DEMO_CLIENT_ID
    is_here = asked.get("redirect_uri", going.callback(provider)) == going.callback(provider)
    has_challenge = asked.get("code_challenge_method") == "S256" and asked.get("code_challenge")
    if not (is_portal and is_here and has_challenge and asked.get("response_type") == "code"):
        abort(400)


def _page(provider: Provider, form: Any) -> ResponseReturnValue:
    name = PROVIDER_NAMES[provider]
    return web.page("dev/provider.html", form=form, provider=name, people=PEOPLE[provider])


def _code(provider: Provider, person: Somebody) -> str:
    facts = {
        "number": person.number(provider),
        "name": person.full_name,
        "email": person.email,
        "speaks_for": person.speaks_for,
        "nonce": request.args.get("nonce", ""),
        "challenge": request.args["code_challenge"],
    }
    return grants.give(f"{provider} code", facts, seconds=CODE_SECONDS)


def _back(provider: Provider, **told: str) -> ResponseReturnValue:
    query = urlencode(told | {"state": request.args.get("state", "")})
    return redirect(f"{going.callback(provider)}?{query}", 303)
