"""Google's calls about people's accounts there: fixtures that sign a token and post it."""

from typing import Any

import pytest

from portal.core import clock
from portal.signin.providers.models import Provider
from tests.support.google import CLIENT_ID
from tests.support.linked import Linked

ADDRESS = "/google/events"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
GOOGLE = Provider.GOOGLE


@pytest.fixture
def linked(app):
    return Linked(app)


@pytest.fixture
def alice(make_customer, linked, google):
    """She links the account 1001 at Google, and has a password too."""
    user = make_customer().admin
    linked.link(user, GOOGLE, "1001", issuer=google.address)
    return user


@pytest.fixture
def claims(google):
    """What a token says: one event about the account 1001, `of` a kind, with whatever `changes`."""
    count = iter(range(1000))

    def made(of: str = RISC + "sessions-revoked", event: dict[str, Any] | None = None, **changes: Any):
        subject = {"subject_type": "iss-sub", "iss": google.address, "sub": "1001"}
        said = {
            "iss": google.address,
            "aud": CLIENT_ID,
            "iat": int(clock.now().timestamp()),
            "jti": f"event-{next(count)}",
            "events": {of: {"subject": subject} | (event or {})},
        } | changes
        return {name: value for name, value in said.items() if value is not None}

    return made


@pytest.fixture
def send(browse):
    """Google's call: the token is the body, and no cookie goes with it."""

    def post(token: str | bytes, kind: str = "application/secevent+jwt"):
        return browse.client.post(ADDRESS, data=token, content_type=kind)

    return post


@pytest.fixture
def tell(google, claims, send):
    """Google tells of one event."""

    def told(of: str, **event: Any):
        reply = send(google.signs(claims(of, event)))
        assert (reply.status_code, reply.data) == (202, b"")
        return reply

    return told
