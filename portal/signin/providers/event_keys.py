"""The keys that Google signs its security events with: looked up when needed, kept for an hour, never hammered for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import current_app
from joserfc.jwk import Key, KeySet

from portal.core import clock
from portal.extensions import settings
from portal.signin.providers import outgoing, published
from portal.signin.providers.outgoing import NotThere, Unanswered

FRESH = timedelta(hours=1)
LOOK_AGAIN_AFTER = timedelta(minutes=1)
PATIENCE_SECONDS = 3


class KeysUnavailable(Exception):
    """Google's keys cannot be had now, so nothing can be judged: the sender should come again."""


@dataclass(frozen=True)
class Published:
    """What Google publishes for its events (RISC configuration, and the JWK Set it names)."""

    issuer: str
    keys: KeySet
    looked_at: datetime

    def key(self, kid: str) -> Key | None:
        return next((key for key in self.keys if key.kid == kid), None)


class EventKeys:
    """One process's knowledge of the keys. A key id never seen before costs one look, at most one a minute."""

    def __init__(self) -> None:
        self._known: Published | None = None
        self._failed_at: datetime | None = None
        self._looking = Lock()

    def find(self, kid: str) -> tuple[str, Key | None]:
        """The issuer, and the key of that id if there is one. Raises KeysUnavailable."""
        known = self._known
        if known is None or _age(known.looked_at) > FRESH or self._may_be_new(known, kid):
            known = self._look()
        return known.issuer, known.key(kid)

    def _may_be_new(self, known: Published, kid: str) -> bool:
        return known.key(kid) is None and _age(known.looked_at) > LOOK_AGAIN_AFTER

    def _look(self) -> Published:
        """Ask Google, one thread at a time; those that wait get what the first one found."""
        came_at = clock.now()
        if not self._looking.acquire(timeout=PATIENCE_SECONDS):
            raise KeysUnavailable
        try:
            if self._known is not None and self._known.looked_at >= came_at:
                return self._known
            if self._failed_at is not None and _age(self._failed_at) < LOOK_AGAIN_AFTER:
                raise KeysUnavailable
            return self._fetch()
        finally:
            self._looking.release()

    def _fetch(self) -> Published:
        try:
            said = _configuration()
            keys = published.keys_at(str(said["jwks_uri"]))
            self._known = Published(str(said["issuer"]), keys, clock.now())
        except (Unanswered, KeyError) as error:
            self._failed_at = clock.now()
            raise KeysUnavailable from error
        return self._known


def _configuration() -> dict[str, Any]:
    """The events' own page; where there is none, that of sign-in, which names the same issuer and keys."""
    try:
        return outgoing.get_json(configuration_url())
    except NotThere:
        return outgoing.get_json(settings().google_discovery_url)


def configuration_url() -> str:
    """Beside the discovery document of OpenID Connect lies the one of the events (OpenID RISC Profile)."""
    return settings().google_discovery_url.replace("openid-configuration", "risc-configuration")


def event_keys() -> EventKeys:
    """This process's keys."""
    known: EventKeys = current_app.extensions.setdefault("google_event_keys", EventKeys())
    return known


def _age(moment: datetime) -> timedelta:
    return abs(clock.now() - moment)
