"""Counts and delays in Redis: scripts, which Redis runs one at a time; keys that end by themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from portal.core.throttle.store import Begun
from portal.core.throttle.waits import ENOUGH, FORGOTTEN_AFTER, wait_after

SECONDS = 0.5  # for an answer; a request does not wait longer for a counter
PREFIX = "portal:throttle:"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ADD = """
local counted = redis.call('INCR', KEYS[1])
if counted == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return counted
"""
# Moments in microseconds, as text: Lua's numbers hold them exactly (below 2^53), its text form would not
BEGIN = """
local now, forgotten = ARGV[1], ARGV[2]
local failures, tried_at, wait_until = unpack(redis.call('HMGET', KEYS[1], 'failures', 'tried_at', 'wait_until'))
local waits = wait_until and tonumber(wait_until) > tonumber(tried_at)
if waits and tonumber(wait_until) > tonumber(now) then return {0, wait_until, tried_at} end
failures = tonumber(failures or 0)
if not tried_at or tonumber(tried_at) <= tonumber(forgotten) then failures = 0 end
failures = failures + 1
local until_ = ARGV[math.min(2 + failures, #ARGV)]
redis.call('HSET', KEYS[1], 'failures', failures, 'tried_at', now, 'wait_until', until_)
redis.call('EXPIRE', KEYS[1], 2 * 86400)
return {1, until_, tried_at or now}
"""
TAKE_BACK = """
local failures, tried_at = unpack(redis.call('HMGET', KEYS[1], 'failures', 'tried_at'))
if not failures or tonumber(failures) <= 0 then return end
redis.call('HINCRBY', KEYS[1], 'failures', -1)
if tried_at == ARGV[1] then redis.call('HSET', KEYS[1], 'tried_at', ARGV[2], 'wait_until', ARGV[2]) end
"""


class InRedis:
    """The store of a portal on several machines. Whatever is wrong with it is raised as redis' RedisError."""

    def __init__(self, url: str) -> None:
        again = Retry(NoBackoff(), 1)  # a connection that Redis closed meanwhile is opened anew, once
        self.client = Redis.from_url(
            url, decode_responses=True, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=again
        )
        self._add, self._begin, self._take_back = map(self.client.register_script, (ADD, BEGIN, TAKE_BACK))

    def add(self, key: str, start: datetime, *, seconds: int) -> int:
        return cast(int, self._add(keys=[f"{PREFIX}{key}:{int(start.timestamp())}"], args=[seconds]))

    def begin(self, key: str, now: datetime) -> Begun:
        waits = [_written(now + wait_after(failures)) for failures in range(1, ENOUGH + 2)]
        given = [_written(now), _written(now - FORGOTTEN_AFTER), *waits]
        is_allowed, wait_until, before = cast(list[Any], self._begin(keys=[PREFIX + key], args=given))
        return Begun(bool(is_allowed), _read(wait_until), tried_at=now, before=_read(before))

    def take_back(self, key: str, begun: Begun) -> None:
        self._take_back(keys=[PREFIX + key], args=[_written(begun.tried_at), _written(begun.before)])

    def forget(self, key: str) -> None:
        self.client.delete(PREFIX + key)

    def answers(self) -> bool:
        """Whether it counts: it may be there and yet refuse to write."""
        try:
            self._add(keys=[PREFIX + "doctor"], args=[60])
        except RedisError:
            return False
        return True


def _written(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(microseconds=1))


def _read(microseconds: str) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))
