"""Growing delays after wrong tries of a secret: who guesses is slowed down, and nobody is locked out.

The first five wrong tries are free; then each one makes the next try wait 1, 2, 4, 8 … seconds, at most 15 minutes.
A try during the wait is refused unseen: it tells nothing, and lengthens nothing. A day without wrong tries forgets.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

import structlog
from redis.exceptions import RedisError

from portal.core import clock, hashes
from portal.core.database import db
from portal.core.throttle.refusal import TooOften
from portal.core.throttle.store import Begun, Store
from portal.core.throttle.stores import agreed

log = structlog.get_logger(__name__)


class Waiting(TooOften):
    """Not judged, since wrong tries before it have to be waited for: `until` when, and `retry_after` seconds."""

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(max(1, ceil((until - now).total_seconds())))
        self.until = until


@dataclass(frozen=True)
class Attempt:
    """One try that was counted before it is judged. It stays counted as wrong unless `right()` is called."""

    store: Store
    key: str
    begun: Begun
    is_of_device: bool
    secret: str
    who: str

    def right(self) -> None:
        """The secret was right: the try takes its count back; on a known device all counts of the device go.

        On the database this is part of the caller's transaction, who commits it with what the secret opened.
        """
        log.info("secret.right", secret=self.secret, who=self.who)
        try:
            if self.is_of_device:
                self.store.forget(self.key)
            else:
                self.store.take_back(self.key, self.begun)
        except RedisError as error:
            log.warning("throttle.count_kept", error=type(error).__name__)  # too strict by one, never too lax


def attempt(name: str, subject: str, *, device: str | None = None) -> Attempt:
    """Count one try of the secret `name` of `subject` (both kept as a keyed hash), before it is judged.

        tried = delays.attempt("second-step", str(user.id), device=devices.known_as(user.id, web.visitor()))
        if not service.is_right(code): …    # the count stays
        tried.right()                       # then commit, together with what was opened

    `device`: what names a known device of the person (portal/signin/devices.known_as); it has a count of its own, so
    that strangers' tries never make the owner wait. Commits at once (so call it before anything is written), since
    the count must outlive a refused request and parallel tries must see it.

    Raises Waiting (a TooOften, so uncaught it is the page for 429) while the tries before it have to be waited for.
    """
    now = clock.now()
    key = hashes.keyed(f"delay:{name}", f"{subject}\0{device}" if device else subject)
    db.session.commit()
    store, begun = agreed().ask(lambda store: store.begin(key, now))
    who = hashes.keyed("log", subject)[:16]
    if not begun.is_allowed:
        log.warning("secret.not-judged", secret=name, who=who)
        raise Waiting(begun.wait_until, now)
    log.info("secret.tried", secret=name, who=who)  # and no "secret.right" after it: it was wrong (ASVS 5.0, 16.3.1)
    return Attempt(store, key, begun, is_of_device=device is not None, secret=name, who=who)
