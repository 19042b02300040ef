"""Google and Facebook, for the tests here that ask for them."""

import pytest
from sqlalchemy import func, select

from portal.core.database import db
from portal.signin.models import SignIn
from tests.support.providers import facebook, facebook_service, google, google_service  # noqa: F401 (fixtures)

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def signed_in_rows(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(SignIn))
