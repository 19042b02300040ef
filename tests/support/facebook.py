"""Facebook for the tests: dialog, token, /me with fields, and debug_token, as the Graph API answers them.

It checks what the real one checks: client id and secret, redirect address, PKCE where a challenge was sent, codes that
work once, and `appsecret_proof` on every call with a person's token.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from werkzeug.wrappers import Request, Response

from portal.core import clock
from tests.support.stand_in import StandIn

CLIENT_ID = "1234567890123456"
CLIENT_SECRET = "a secret that only Facebook and the portal know"
HOUR = 3600


@dataclass(frozen=True)
class Code:
    """What a code stands for."""

    person: str
    redirect_uri: str
    challenge: str


class Facebook(StandIn):
    """`knows` somebody, `misbehaves` at a place, `says` something else of a token or of a person."""

    places = {
        "dialog": "/v23.0/dialog/oauth",
        "token": "/v23.0/oauth/access_token",
        "me": "/v23.0/me",
        "debug": "/v23.0/debug_token",
    }

    def __init__(self) -> None:
        super().__init__()
        self._behave()

    def _behave(self) -> None:
        self._people: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, str] = {}
        self._of_token: dict[str, Any] = {}
        self._of_person: dict[str, Any] = {}
        self._is_tired = False

    def forget(self) -> None:
        super().forget()
        self._behave()

    def environ(self) -> dict[str, str]:
        """The settings of a portal that has keys at this Facebook."""
        return {
            "PORTAL_FACEBOOK_CLIENT_ID": CLIENT_ID,
            "PORTAL_FACEBOOK_CLIENT_SECRET": CLIENT_SECRET,
            "PORTAL_FACEBOOK_AUTHORIZE_URL": self.address + self.places["dialog"],
            "PORTAL_FACEBOOK_GRAPH_URL": self.address + "/v23.0",
        }

    def knows(self, sub: str, **fields: Any) -> None:
        """Somebody with an account at Facebook, by app-scoped id: `name`, and `email` where Facebook has one."""
        self._people[sub] = {"id": sub, **fields}

    def says_of_tokens(self, **facts: Any) -> None:
        """In `debug_token` from now on: `app_id`, `is_valid`, `user_id` …"""
        self._of_token = facts

    def says_of_people(self, **fields: Any) -> None:
        """In `/me` from now on."""
        self._of_person = fields

    def is_tired(self) -> None:
        """Asks everybody to come again later, as the Graph API does."""
        self._is_tired = True

    def signs(self, data: dict[str, Any], *, secret: str = CLIENT_SECRET) -> str:
        """A `signed_request` of `data`, as Facebook posts it to the callbacks."""
        body = _url64(json.dumps(data).encode())
        return f"{_url64(hmac.digest(secret.encode(), body.encode(), 'sha256'))}.{body}"

    def choose(self, location: str, sub: str | None) -> str:
        """Somebody at the dialog agrees as `sub`, or cancels (None): where Facebook sends the browser."""
        answer = requests.post(location, data={"as": sub or ""}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def answer(self, request: Request) -> Callable[..., Any]:
        answers = {"dialog": self._dialog, "token": self._token, "me": self._me, "debug": self._debug}
        if self._is_tired and request.path != self.places["dialog"]:
            error = {"message": "Service temporarily unavailable", "type": "OAuthException", "code": 2}
            return _json({"error": error | {"is_transient": True}}, status=400)
        names = {path: name for name, path in self.places.items()}
        if request.path not in names:
            return _refused("Unknown path components", status=404)
        return answers[names[request.path]](request)

    def _dialog(self, request: Request) -> Response:
        told = {"state": request.args["state"]}
        if person := request.form["as"]:
            code = secrets.token_urlsafe(16)
            self._codes[code] = Code(person, request.args["redirect_uri"], request.args.get("code_challenge", ""))
            told["code"] = code
        else:
            told |= {"error": "access_denied", "error_reason": "user_denied", "error_description": "Permissions error"}
        return Response(status=302, headers={"Location": f"{request.args['redirect_uri']}?{urlencode(told)}#_=_"})

    def _token(self, request: Request) -> Response:
        given = request.form or request.args
        code = self._codes.pop(given.get("code", ""), None)
        if given.get("client_id") != CLIENT_ID or given.get("client_secret") != CLIENT_SECRET:
            return _refused("Error validating client secret.")
        if code is None:
            return _refused("This authorization code has been used.")
        if given.get("redirect_uri") != code.redirect_uri:
            return _refused("Error validating verification code. Please make sure your redirect_uri is identical")
        verifier = given.get("code_verifier", "")
        if code.challenge and code.challenge != _url64(hashlib.sha256(verifier.encode()).digest()):
            return _refused("Invalid code verifier.")
        token = "EAA" + secrets.token_urlsafe(40)
        self._tokens[token] = code.person
        return _json({"access_token": token, "token_type": "bearer", "expires_in": 60 * 24 * HOUR})

    def _me(self, request: Request) -> Response:
        token = _bearer(request)
        if token not in self._tokens:
            return _refused("Invalid OAuth access token.")
        proof = hmac.digest(CLIENT_SECRET.encode(), token.encode(), "sha256").hex()
        if not hmac.compare_digest(proof, request.args.get("appsecret_proof", "")):
            return _refused("API calls from the server require an appsecret_proof argument")
        person = self._people.get(self._tokens[token], {"id": self._tokens[token]})
        asked = request.args.get("fields", "id,name").split(",")
        return _json({name: value for name, value in person.items() if name in asked} | self._of_person)

    def _debug(self, request: Request) -> Response:
        if _bearer(request) != f"{CLIENT_ID}|{CLIENT_SECRET}":
            return _refused("You must provide an app access token")
        person = self._tokens.get(request.args.get("input_token", ""))
        now = int(clock.now().timestamp())
        facts = {
            "app_id": CLIENT_ID,
            "type": "USER",
            "is_valid": person is not None,
            "user_id": person or "",
            "issued_at": now,
            "expires_at": now + 60 * 24 * HOUR,
            "scopes": ["email", "public_profile"],
        }
        return _json({"data": facts | self._of_token})


def _bearer(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ") or request.args.get("access_token", "")


def _refused(message: str, *, status: int = 400) -> Response:
    error = {"message": message, "type": "OAuthException", "code": 100, "fbtrace_id": "A1b2C3"}
    return _json({"error": error}, status=status)


def _json(body: dict[str, Any], *, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
