"""Sendings to people with names."""

import json
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from portal.accounts.models import User
from portal.core.database import db
from portal.mailer.verp import envelope_sender
from portal.notices import progress
from portal.notices.models import Delivery, Notice, Suppression
from portal.notices.returns.suppression import suppressed
from tests.support.documents import Documents
from tests.support.people import People
from tests.support.sendings import Sendings
from tests.support.smtp import Mailbox

LETTER = "policies/changed"


@pytest.fixture
def documents(app: Flask) -> Documents:
    return Documents(app)


@pytest.fixture
def sendings(app: Flask) -> Sendings:
    return Sendings(app)


@pytest.fixture
def audience(people: People) -> Callable[[int], list[str]]:
    """So many customers, every other one reading Vietnamese; their addresses."""

    def make(count: int) -> list[str]:
        return [people.make_customer(locale=("vi", "en")[i % 2]).admin.email for i in range(count)]

    return make


@pytest.fixture
def counts(app: Flask) -> Callable[[UUID], progress.Counts]:
    def read(notice_id: UUID) -> progress.Counts:
        with app.app_context():
            return progress.counts([notice_id])[notice_id]

    return read


@pytest.fixture
def states(app: Flask) -> Callable[[UUID], tuple[str, Counter[str]]]:
    """How a notice stands, and its deliveries by state."""

    def read(notice_id: UUID) -> tuple[str, Counter[str]]:
        with app.app_context():
            rows = db.session.scalars(db.select(Delivery.state).where(Delivery.notice_id == notice_id))
            return db.session.get_one(Notice, notice_id).state.value, Counter(row.value for row in rows)

    return read


@pytest.fixture
def bounce(app: Flask) -> Callable[..., str]:
    """Give a message to `flask mail bounce` as a mail server's pipe does; what it says came of it."""

    def give(content: bytes, *arguments: str) -> str:
        result = app.test_cli_runner().invoke(args=["mail", "bounce", "--json", *arguments], input=content)
        assert result.exit_code == 0, result.output
        return str(json.loads(result.stdout)["outcome"])

    return give


@pytest.fixture
def delivered(app: Flask, documents: Documents, work: Callable[[], object]) -> Callable[[], dict[str, str]]:
    """Publish and send; by address the envelope sender that each person's letter left with."""

    def send() -> dict[str, str]:
        documents.announce()
        work()
        with app.app_context():
            rows = db.session.execute(db.select(User.email, Delivery.id).join(User, Delivery.user_id == User.id))
            return {email: envelope_sender("n", delivery_id) for email, delivery_id in rows}

    return send


@pytest.fixture
def delivery_of(app: Flask) -> Callable[[User], Delivery]:
    def read(user: User) -> Delivery:
        with app.app_context():
            return db.session.scalars(db.select(Delivery).where(Delivery.user_id == user.id)).one()

    return read


@pytest.fixture
def stands(app: Flask) -> Callable[[User], tuple[bool, list[str], bool]]:
    """Whether somebody's address takes no letters, why any address does not, and whether they are told."""

    def read(user: User) -> tuple[bool, list[str], bool]:
        with app.app_context():
            found = db.session.get_one(User, user.id)
            reasons = db.session.scalars(db.select(Suppression.reason)).all()
            is_suppressed = bool(suppressed([found.email]))
            return is_suppressed, [reason.value for reason in reasons], found.mail_returned_at is not None

    return read


@pytest.fixture
def an(people: People) -> User:
    return people.make_customer(locale="en").admin


def copies(mailbox: Mailbox, letter: str = LETTER) -> Counter[str]:
    """How many copies of the notice each address got."""
    return Counter(one.recipient for one in mailbox.letters(letter=letter))
