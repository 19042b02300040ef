"""What the tests of the erasure share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.erasure import service
from portal.erasure.models import Closing, Scope, State

CloseFor = Callable[..., Closing]


@pytest.fixture
def close_for(app: Flask) -> CloseFor:
    """Close the account of a user as the page does; the closing."""

    def close(user: Any, scope: Scope = Scope.ME, reason: str = "") -> Closing:
        with app.app_context():
            closing = service.close(db.session.get_one(User, user.id), scope, reason)
            db.session.commit()
            return closing

    return close


@pytest.fixture
def state_of_closing(app: Flask) -> Callable[[Closing], State]:
    """The state of a closing as the database has it."""

    def state(closing: Closing) -> State:
        with app.app_context():
            return db.session.scalars(select(Closing.state).where(Closing.id == closing.id)).one()

    return state


@pytest.fixture
def instance(environ: dict[str, str]) -> Path:
    """The folder under which this portal writes everything."""
    return Path(environ["PORTAL_INSTANCE_PATH"])


SEED = bytes(range(32))
MakeCustomer = Callable[..., Any]
MoveClock = Callable[..., None]
Work = Callable[[], object]
StateOf = Callable[[Closing], State]
