"""Google and Facebook beside a test's portal. A conftest takes what it needs: `from tests.support.providers import …`.

`environ` makes the portal of the tests below know both; `google` and `facebook` are the services; `come_from` walks a
browser there and back.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.providers.facebook import ISSUER as facebook_issuer  # noqa: N811 (a word of theirs)
from portal.signin.providers.models import LinkedAccount, Provider
from tests.support.browse import Browse
from tests.support.facebook import Facebook
from tests.support.google import Google
from tests.support.stand_in import StandIn, serving

_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_BASE_URL": "https://portal.example.com",
    "PORTAL_SMTP_URL": "smtp://127.0.0.1:2525",
    "PORTAL_SECRET_KEY": _KEY,
    "PORTAL_STORAGE_KEY": _KEY,
    "PORTAL_HASH_KEY": _KEY,
    "PORTAL_RECEIPT_KEY": _KEY,
}


@pytest.fixture(scope="session")
def google_service() -> Iterator[Google]:
    google = Google()
    with serving(google):
        yield google


@pytest.fixture(scope="session")
def facebook_service() -> Iterator[Facebook]:
    facebook = Facebook()
    with serving(facebook):
        yield facebook


@pytest.fixture
def google(google_service: Google) -> Iterator[Google]:
    """Google, well behaved and knowing nobody."""
    yield google_service
    google_service.forget()


@pytest.fixture
def facebook(facebook_service: Facebook) -> Iterator[Facebook]:
    """Facebook, well behaved and knowing nobody."""
    yield facebook_service
    facebook_service.forget()


@pytest.fixture
def environ(environ: dict[str, str], google: Google, facebook: Facebook) -> dict[str, str]:
    """The settings of a portal that has keys at both."""
    return environ | google.environ() | facebook.environ()


def go_to(browser: Browse, provider: str, *, start: str = "") -> str:
    """Follow the button (or another `start`): the address at the provider to which the portal sends the browser."""
    reply = browser.get(start or f"/sign-in/{provider}")
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return str(reply.headers["Location"])


def come_back(browser: Browse, location: str) -> TestResponse:
    """Follow the provider's redirect back into the portal; the portal's answer to it."""
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}")


def come_from(
    browser: Browse, service: StandIn, sub: str = "1001", *, start: str = "", cancel: bool = False, **claims: Any
) -> TestResponse:
    """Go to Google or Facebook, be `sub` there with these claims, and come back: the answer of the callback.

    `come_from(browse, google, "1001", email="ha@gmail.com", email_verified=True, name="Hà")`; `start` is the address
    that leads there (`/security/linked/google/link`, `/sign-in/google?next=/exports`).
    """
    assert isinstance(service, Google | Facebook)
    provider = "google" if isinstance(service, Google) else "facebook"
    service.knows(sub, **claims)
    location = go_to(browser, provider, start=start)
    return come_back(browser, service.choose(location, None if cancel else sub))


def link(app: Flask, user: User, service: StandIn, sub: str = "1001") -> None:
    """`user` has linked the account `sub` at this provider, some time ago."""
    is_google = isinstance(service, Google)
    with app.app_context():
        account = LinkedAccount(
            user_id=user.id,
            provider=Provider.GOOGLE if is_google else Provider.FACEBOOK,
            issuer=service.address if is_google else facebook_issuer,
            subject=sub,
        )
        db.session.add(account)
        db.session.commit()


def acts(app: Flask) -> list[str]:
    """What is on the chain, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def is_signed_in(browser: Browse) -> bool:
    """Whether this browser has a session."""
    return browser.get("/overview").status_code == 200
