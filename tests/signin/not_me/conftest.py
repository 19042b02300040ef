"""Security letters to press, and a look at what is left."""

import pytest
from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.signin import alarms
from tests.support.browse import link_in


@pytest.fixture
def alarm(app, mailbox, work):
    """A security letter about something: the path of its link."""

    def tell(user, letter="signin/password-changed", *, about="password", to=None, **facts):
        with app.app_context(), app.test_request_context(headers={"User-Agent": "curl/8"}):
            known = {"linked": [], "passkeys": 0} | facts
            alarms.tell(db.session.get_one(User, user.id), letter, about=about, address=to, facts=known)
            db.session.commit()
        work()
        return link_in(mailbox.letters(to or user.email, letter)[-1].text, "/not-me/")

    return tell


@pytest.fixture
def hold(app):
    """Rows as the rooms would have written them."""

    def add(*rows):
        with app.app_context():
            db.session.add_all(rows)
            db.session.commit()

    return add


@pytest.fixture
def count(app):
    """How many rows of a kind there are."""

    def counted(model, *where):
        with app.app_context():
            return len(db.session.scalars(select(model).where(*where)).all())

    return counted


@pytest.fixture
def fresh(app):
    """A person as the database has them now."""

    def read(user):
        with app.app_context():
            return db.session.get_one(User, user.id)

    return read
