"""Where the throttle counts: in Redis where QUEUE_URL names one, else in the database; and when Redis is down, there.

A store that is down neither opens the door nor locks everyone out: the other one counts. The database being down is
no case of its own, since nothing of the portal works without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

import structlog
from flask import Flask, current_app
from redis.exceptions import RedisError

from portal.config import Settings
from portal.core import clock
from portal.core.throttle.in_database import InDatabase
from portal.core.throttle.in_redis import InRedis
from portal.core.throttle.store import Store

log = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(seconds=10)
Answer = TypeVar("Answer")


@dataclass
class Stores:
    """The store that all processes agree on, and the one that counts while it is down."""

    redis: InRedis | None
    database: InDatabase
    down_until: datetime | None = None

    def ask(self, act: Callable[[Store], Answer]) -> tuple[Store, Answer]:
        """What the store says that is up, and which one it was."""
        if self.redis is not None and (self.down_until is None or clock.now() >= self.down_until):
            try:
                answer = act(self.redis)
            except RedisError as error:
                self._note_down(error)
            else:
                self._note_up()
                return self.redis, answer
        return self.database, act(self.database)

    def _note_down(self, error: RedisError) -> None:
        if self.down_until is None:
            log.warning("throttle.redis_down", error=type(error).__name__, counting="database")
        self.down_until = clock.now() + ASK_AGAIN

    def _note_up(self) -> None:
        if self.down_until is not None:
            log.warning("throttle.redis_up", counting="redis")
        self.down_until = None


def connect(app: Flask, settings: Settings) -> None:
    """Give the app its stores; Redis is not spoken to before something is counted."""
    redis = InRedis(settings.queue_url) if settings.queue_url.startswith(("redis://", "rediss://")) else None
    app.extensions["throttle"] = Stores(redis, InDatabase())


def agreed() -> Stores:
    """The stores of the running app."""
    return cast(Stores, current_app.extensions["throttle"])
