"""Google and Facebook, for every test here."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from portal.core.database import db
from tests.support.providers import come_from, environ, facebook, facebook_service, google, google_service  # noqa: F401

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LINK = "/security/linked/google/link"
CONFIRM = "/security/linked/confirm"
UNLINK = "/security/linked/google/unlink"
BINH = {"email": "binh@gmail.com", "email_verified": True, "name": "Bình ở Google"}


def text_of(reply):
    return reply.get_data(as_text=True)


@pytest.fixture
def rows(app):
    def of(model):
        with app.app_context():
            return list(db.session.scalars(select(model)))

    return of


@pytest.fixture
def set_columns(app):
    def change(model, **columns):
        with app.app_context():
            db.session.execute(update(model).values(**columns))
            db.session.commit()

    return change


@pytest.fixture
def binh(make_customer):
    return make_customer(email="binh@example.com").admin


@pytest.fixture
def browser(browse_as, binh):
    """Bình's browser, signed in."""
    return browse_as(binh)


@pytest.fixture
def link(google):  # noqa: F811 (the fixture imported above)
    def done(browser, sub="1001", **claims):
        come_from(browser, google, sub, start=LINK, **{**BINH, **claims})
        return browser.submit(CONFIRM)

    return done


BOTH = pytest.mark.parametrize("provider", ["google", "facebook"])


@pytest.fixture
def service(request, provider):
    return request.getfixturevalue(provider)


def said(reply) -> str:
    return reply.get_data(as_text=True)


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def count_of(app, table) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))
