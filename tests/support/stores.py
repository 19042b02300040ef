"""Fixtures of tests that run wherever the throttle can count. A test file imports all three."""

import pytest

__all__ = ["database", "environ", "store"]
STORES = ("sqlite", "postgresql", "redis")


@pytest.fixture(params=STORES)
def store(request):
    """Where this test's portal counts: each such test runs on all of them."""
    return request.param


@pytest.fixture
def database(store):
    return "sqlite" if store == "redis" else store


@pytest.fixture
def environ(environ, store, request):
    if store != "redis":
        return environ
    server = request.getfixturevalue("redis_server")
    server.empty()
    return environ | {"PORTAL_QUEUE_URL": server.url}
