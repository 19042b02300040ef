"""Sendings to people with names."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from portal.core.database import db
from portal.notices import progress
from portal.notices.models import Delivery, Notice
from tests.support.documents import Documents
from tests.support.people import People
from tests.support.smtp import Mailbox

LETTER = "policies/changed"


@pytest.fixture
def documents(app: Flask) -> Documents:
    return Documents(app)


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


def copies(mailbox: Mailbox) -> Counter[str]:
    """How many copies of the notice each address got."""
    return Counter(letter.recipient for letter in mailbox.letters(letter=LETTER))
