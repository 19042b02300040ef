"""The one door for calls to Google and Facebook: short, bounded, never redirected, and https alone in production.

What a person waits for must not depend on how a provider feels today: 3 seconds to connect, 5 for each read, 10 for
all of an answer, 256 KB of it at most. Nothing of an answer enters a log or the text of an exception.
"""

import time
from io import BytesIO
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from flask import current_app
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from portal.extensions import settings
from portal.signin.providers.keys import Keys

PATIENCE = (3.0, 5.0)  # seconds to connect, and for each read
PATIENCE_FOR_ALL = 10.0
LARGEST = 256_000
CHUNK = 16_384
NO_ANSWER = (RequestException, OSError, HTTPError)
NO_SENSE = (ValueError, TypeError, OverflowError, RecursionError)  # no JSON, or such that a library stumbles over it
OUR_MISTAKES = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")


class Unanswered(Exception):
    """The provider is down, slow, or says nothing that makes sense."""


class NotThere(Unanswered):
    """The provider answers, and has no such page."""


class Refused(Exception):
    """What came back does not hold; `why` is one word for the log, which names nobody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Door(HTTPAdapter):
    """What every call goes through, whatever the library above it was told."""

    def send(
        self, request: PreparedRequest, stream: bool = False, timeout: Any = None, *args: Any, **kwargs: Any
    ) -> Response:
        """One call. Raises Unanswered, RequestException."""
        if settings().is_production and not str(request.url).startswith("https://"):
            raise Unanswered("not over TLS")
        patience = current_app.config.get("PROVIDER_PATIENCE", PATIENCE)
        until = time.monotonic() + current_app.config.get("PROVIDER_PATIENCE_FOR_ALL", PATIENCE_FOR_ALL)
        response = super().send(request, True, patience, *args, **kwargs)
        raw = response.raw
        try:
            if 300 <= response.status_code < 400:
                raise Unanswered("redirected")
            response.raw = BytesIO(_bounded(raw, until))
        finally:
            raw.close()
        return response


def _bounded(raw: Any, until: float) -> bytes:
    read = bytearray()
    try:
        while chunk := raw.read1(CHUNK):
            read += chunk
            if len(read) > LARGEST or time.monotonic() > until:
                raise Unanswered("too much, or too slowly")
    except HTTPError as error:
        raise Unanswered("broke off") from error
    return bytes(read)


def session(keys: Keys | None = None, **options: Any) -> OAuth2Session:
    """An OAuth client whose calls go through the door; without `keys` it only reads what is public."""
    client = (keys.client_id, keys.client_secret) if keys else (None, None)
    made = OAuth2Session(
        *client, token_endpoint_auth_method="client_secret_post", code_challenge_method="S256", **options
    )
    made.trust_env = settings().is_production  # a proxy on the way out is for production; elsewhere all is local
    made.headers["Accept-Encoding"] = "identity"  # nothing that grows while it is read
    for scheme in ("https://", "http://"):
        made.mount(scheme, Door())
    return made


def get_json(url: str) -> dict[str, Any]:
    """The JSON object that is published at `url`. Raises Unanswered."""
    status, said = ask(url)
    if status != 200:
        raise Unanswered("not found")
    return said


def ask(url: str, *, token: str = "", **query: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object that `url` answers to whoever bears `token`. Raises Unanswered.

    The token travels in a header, since addresses end up in logs (RFC 6750, 2.3).
    """
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with session() as client:
        try:
            response = client.get(url, params=query, headers=headers, withhold_token=True)
            if response.status_code == 404:
                raise NotThere("not found")
            said = response.json()
        except (*NO_ANSWER, *NO_SENSE) as error:
            raise Unanswered("no answer") from error
    if response.status_code >= 500 or not isinstance(said, dict):
        raise Unanswered("nonsense")
    return response.status_code, said


def exchange(keys: Keys, url: str, *, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    """What the token endpoint gives for a `code` (RFC 6749, 4.1.3; RFC 7636, 4.5). Raises Unanswered, Refused."""
    with session(keys) as client:
        try:
            given = client.fetch_token(
                url, grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri
            )
        except OAuthError as error:
            raise _meaning(error.error) from error
        except (*NO_ANSWER, *NO_SENSE) as error:
            raise Unanswered("no answer") from error
    if not isinstance(given.get("access_token"), str) or not given["access_token"]:
        raise Unanswered("no token")
    return dict(given)


def _meaning(error: Any) -> Exception:
    """A refused code is somebody's forgery or second try; a refused portal, or a tired provider, is not theirs."""
    if isinstance(error, dict):  # as the Graph API says it
        return Unanswered("tired") if error.get("is_transient") or error.get("code") in (1, 2, 4) else Refused("code")
    return Unanswered("refuses the portal") if error in OUR_MISTAKES else Refused("code")
