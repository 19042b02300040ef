"""A real redis-server, where a test asks for one."""

from collections.abc import Iterator

import pytest

from tests.support import redis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Server]:
    """Shared by the tests of a run that leave it alive; `empty()` it first. Skips by name where there is none."""
    try:
        with redis.running() as server:
            yield server
    except redis.Unavailable as reason:
        pytest.skip(str(reason))
