"""What an OpenID provider publishes (its discovery document and its keys), kept for an hour by each process."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from portal.core import clock
from portal.extensions import settings
from portal.signin.providers import outgoing
from portal.signin.providers.outgoing import Unanswered

FRESH = timedelta(hours=1)
LOOK_AGAIN_AFTER = timedelta(minutes=1)  # for a key that is not among those known
REST_AFTER_FAILURE = timedelta(seconds=10)  # so that a provider that is down costs few people five seconds
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Published:
    """The provider's own description, checked against the address it was read from (OpenID Connect Discovery, 4.3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool  # it sends `iss` with every answer (RFC 9207)
    keys: KeySet
    looked_at: datetime


class Shelf:
    """What one process knows of one provider."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: Published | None = None
        self._failed_at: datetime | None = None

    def look(self, *, for_new_keys: bool = False) -> Published:
        """What is published, asked for once an hour, or `for_new_keys` once a minute. Raises Unanswered."""
        known, fresh = self._known, LOOK_AGAIN_AFTER if for_new_keys else FRESH
        if known is not None and _age(known.looked_at) < fresh:
            return known
        if self._failed_at is not None and _age(self._failed_at) < REST_AFTER_FAILURE:
            raise Unanswered("failed a moment ago")
        try:
            self._known = read(self._url)
        except Unanswered:
            self._failed_at = clock.now()
            raise
        return self._known


def of(url: str) -> Shelf:
    """This process's shelf for the provider whose discovery document is at `url`."""
    shelves: dict[str, Shelf] = current_app.extensions.setdefault("published", {})
    return shelves.setdefault(url, Shelf(url))


def read(url: str) -> Published:
    """Ask now. Raises Unanswered, also where the document names another issuer than the one that was asked."""
    said = outgoing.get_json(url)
    issuer, places = said.get("issuer"), [said.get(name) for name in ("authorization_endpoint", "token_endpoint")]
    if not isinstance(issuer, str) or issuer.rstrip("/") + WELL_KNOWN != url:
        raise Unanswered("another issuer")
    authorization, token = (_address(place) for place in places)
    jwks_uri, now = _address(said.get("jwks_uri")), clock.now()
    names_itself = said.get("authorization_response_iss_parameter_supported") is True
    return Published(issuer, authorization, token, jwks_uri, names_itself, keys_at(jwks_uri), now)


def keys_at(url: str) -> KeySet:
    """The RSA keys for signatures that are published at `url`. Raises Unanswered."""
    listed = outgoing.get_json(url).get("keys")
    keys = [one for one in listed if _signs(one)] if isinstance(listed, list) else []
    try:
        return KeySet.import_key_set(cast(KeySetSerialization, {"keys": keys}))
    except (JoseError, ValueError, TypeError) as error:
        raise Unanswered("no keys") from error


def _signs(key: Any) -> bool:
    return isinstance(key, dict) and key.get("kty") == "RSA" and key.get("use", "sig") == "sig"


def _address(said: Any) -> str:
    """An address of the provider's, https where the portal is in production. Raises Unanswered."""
    schemes = ("https://",) if settings().is_production else ("https://", "http://")
    if not isinstance(said, str) or not said.startswith(schemes):
        raise Unanswered("no address")
    return said


def _age(moment: datetime) -> timedelta:
    return abs(clock.now() - moment)
