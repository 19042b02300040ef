"""Alice, and the telephone that holds her passkey."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.factors.models import Passkey
from tests.support import passkeys
from tests.support.authenticator import Authenticator
from tests.support.browse import Browse
from tests.support.second_step import (
    at_the_start_of_a_step,
    made_careful,
)


@pytest.fixture
def alice(make_customer: Callable[..., object]) -> User:
    return make_customer(email="alice@example.com").admin


@pytest.fixture
def phone() -> Authenticator:
    """A telephone with nothing on it yet."""
    return Authenticator()


@pytest.fixture
def alices_phone(alice: User, browse_as: Callable[[User], Browse], phone: Authenticator) -> Authenticator:
    """Alice's telephone, with a passkey for her account."""
    passkeys.add(browse_as(alice), phone)
    return phone


def row(user):
    return Passkey(user_id=user.id, credential_id=uuid4().bytes, public_key=b"", name="One of many")


ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def binh(app, make_customer):
    """She has an authenticator app and her codes on paper."""
    return made_careful(app, make_customer().admin)


@pytest.fixture
def steady(move_clock):
    """The clock at the start of a step of the authenticator app."""
    at_the_start_of_a_step(move_clock)


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))
