"""Google and Facebook, for the tests here that ask for them."""

import pytest
from sqlalchemy import select

from portal.core.database import db
from tests.support.providers import come_from, environ, facebook, facebook_service, go_to, google, google_service  # noqa: F401 (fixtures)  # noqa: F401 (a portal that knows both)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HA = {"email": "ha@gmail.com", "email_verified": True, "name": "Phan Thu Hà"}
DETAILS = {"kind": "individual", "full_name": "Phan Thu Hà", "age_confirmed": "y", "accept_policy": "y"}
CONTINUE = "/sign-up/continue"


def rows(app, model):
    with app.app_context():
        return list(db.session.scalars(select(model)))


def text_of(reply):
    return reply.get_data(as_text=True)


MINH = {"email": "minh@gmail.com", "email_verified": True, "name": "Đỗ Minh"}
