"""Google for the tests: `oidc-provider-mock` over real HTTP, with what it lacks put around it.

It checks no PKCE, so its requests are written down for the tests; it names no key in its tokens and leaves the state
out when somebody cancels, so both are added; it can be told to say wrong things, and signs security events as well.
"""

import base64
import json
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import authlib.deprecate  # noqa: F401 (first: it shows its warnings always, unless told otherwise afterwards)
import flask
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

from portal.core import clock
from tests.support.stand_in import StandIn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses parts of Authlib that Authlib would rather not see used
    import oidc_provider_mock

CLIENT_ID = "portal-tests.apps.googleusercontent.com"
CLIENT_SECRET = "a secret that only Google and the portal know"
Claims = dict[str, Any]


class Google(StandIn):
    """`knows` somebody, `misbehaves` at a place, `says` something else in its ID tokens, `signs` anything."""

    places = {
        "discovery": "/.well-known/openid-configuration",
        "risc": "/.well-known/risc-configuration",
        "jwks": "/jwks",
        "authorize": "/oauth2/authorize",
        "token": "/oauth2/token",
    }

    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._inner = oidc_provider_mock.app()
            with self._inner.test_request_context("/"):
                self._inner.preprocess_request()
                self._storage = flask.g.oidc_provider_mock_storage
        self._first_key = RSAKey.generate_key(2048)
        self._behave()

    def _behave(self) -> None:
        self.key = self._first_key
        self._changes: Callable[[Claims], Claims] = lambda claims: claims
        self._metadata: Claims = {}
        self._forged: Callable[[Claims], str] | None = None
        self._iss: str | None = None
        self._added: Claims = {}

    def forget(self) -> None:
        super().forget()
        self._behave()

    def environ(self) -> dict[str, str]:
        """The settings of a portal that has keys at this Google."""
        return {
            "PORTAL_GOOGLE_CLIENT_ID": CLIENT_ID,
            "PORTAL_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "PORTAL_GOOGLE_DISCOVERY_URL": self.address + self.places["discovery"],
        }

    def knows(self, sub: str, **claims: Any) -> None:
        """Somebody with an account at Google: `email`, `email_verified`, `hd`, `name` …"""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._storage.store_user(oidc_provider_mock.User(sub=sub, claims=claims))

    def says(self, **claims: Any) -> None:
        """In the ID tokens from now on; None leaves a claim out."""
        self._changes = lambda given: {k: v for k, v in (given | claims).items() if v is not None}

    def publishes(self, **metadata: Any) -> None:
        """In the discovery document from now on."""
        self._metadata = metadata

    def gives(self, forged: Callable[[Claims], str]) -> None:
        """Instead of an ID token: whatever `forged` makes of its claims."""
        self._forged = forged

    def adds(self, **parts: Any) -> None:
        """To what the token endpoint gives."""
        self._added = parts

    def names_itself(self, issuer: str) -> None:
        """On the way back, as RFC 9207 has it."""
        self._iss = issuer

    def changes_keys(self) -> None:
        """Another key signs from now on, and only that one is published."""
        self.key = RSAKey.generate_key(2048)

    def signs(self, claims: Claims, *, header: Claims | None = None, key: RSAKey | None = None) -> str:
        """`claims` as a signed token; by a foreign `key`, or with another `header`, where the test wants that."""
        made = {"alg": "RS256", "kid": self.key.thumbprint()} | (header or {})
        return jwt.encode(made, claims, key or self.key, algorithms=[made["alg"]])

    def choose(self, location: str, sub: str | None) -> str:
        """Somebody at Google's page chooses the account `sub`, or cancels (None): where Google sends the browser."""
        form = {"sub": sub} if sub else {"action": "deny"}
        answer = requests.post(location, data=form, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def answer(self, request: Request) -> Callable[..., Any]:
        if request.path == self.places["risc"]:
            return _json({"issuer": self.address, "jwks_uri": self.address + "/jwks", **self._metadata})
        if request.path == self.places["jwks"]:
            return _json({"keys": [self.key.as_dict(private=False, kid=self.key.thumbprint(), alg="RS256", use="sig")]})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = Response(*run_wsgi_app(self._inner, request.environ))
        if request.path == self.places["discovery"]:
            return _json(answer.get_json() | self._metadata)
        if request.path == self.places["token"] and answer.status_code == 200:
            return self._token(answer.get_json())
        if request.path == self.places["authorize"] and answer.status_code == 302:
            answer.headers["Location"] = self._sent_back(answer.headers["Location"], request)
        return answer

    def _token(self, body: Claims) -> Response:
        now = int(clock.now().timestamp())
        claims = payload(body["id_token"]) | {"iat": now, "exp": now + 3600}
        claims["aud"] = CLIENT_ID  # one word, as Google has it
        claims = self._changes(claims)
        return _json(body | {"id_token": self._forged(claims) if self._forged else self.signs(claims)} | self._added)

    def _sent_back(self, location: str, request: Request) -> str:
        parts = urlsplit(location)
        told = dict(parse_qsl(parts.query))
        told.setdefault("state", request.args["state"])
        if self._iss is not None:
            told["iss"] = self._iss
        return parts._replace(query=urlencode(told)).geturl()


def payload(token: str) -> Claims:
    """What a token says, unchecked."""
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _json(body: Claims) -> Response:
    return Response(json.dumps(body), mimetype="application/json")
