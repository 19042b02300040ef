"""Alice, and the telephone that holds her passkey."""

from collections.abc import Callable

import pytest

from portal.accounts.models import User
from tests.support import passkeys
from tests.support.authenticator import Authenticator
from tests.support.browse import Browse


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
