"""People who agree, and a letter that would go to them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import User
from portal.consents import service, standing, unsubscribing
from portal.consents.models import ConsentEntry, ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from portal.mailer.models import Letter
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind, NoticeState
from tests.support.browse import BANNER


class Consents:
    """Gives and withdraws by the portal's own service, and reads the ledger; each call is a transaction."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def decide(self, user: User, purpose: ConsentPurpose, *, granted: bool = True, locale: str = "en") -> bool:
        with self.app.app_context():
            person = db.session.get_one(User, user.id)
            changed = service.decide(
                person, purpose, granted=granted, way=ConsentWay.SWITCH, page="/consents", locale=locale
            )
            db.session.commit()
            return changed

    def given(self, user: User) -> set[ConsentPurpose]:
        with self.app.app_context():
            return {purpose for purpose, entry in standing.of(user.id).items() if entry.granted}

    def entries(self, user: User) -> list[ConsentEntry]:
        with self.app.app_context():
            mine = select(ConsentEntry).where(ConsentEntry.user_id == user.id).order_by(ConsentEntry.id)
            return list(db.session.scalars(mine))

    def link(self, user_id: UUID, purpose: ConsentPurpose) -> str:
        """The path of the link in a letter."""
        with self.app.app_context():
            return unsubscribing.link(user_id, purpose).removeprefix(self.app.extensions["settings"].base_url)

    def letters(self, user: User) -> list[Letter]:
        """The confirmations written to this person."""
        with self.app.app_context():
            mine = select(Letter).where(Letter.user_id == user.id, Letter.name == "consents/unsubscribed")
            return list(db.session.scalars(mine))


@pytest.fixture
def consents(app: Flask) -> Consents:
    return Consents(app)


@pytest.fixture
def campaign(app: Flask) -> Callable[..., Any]:
    """A campaign of one kind that waits to go to these people; gives back how each delivery stands."""

    def waiting(purpose: ConsentPurpose, *users: User) -> Callable[[], list[DeliveryState]]:
        with app.app_context():
            notice = Notice(
                kind=NoticeKind.CAMPAIGN, letter="notices/campaign", purpose=purpose, state=NoticeState.SENDING
            )
            db.session.add(notice)
            db.session.flush()
            for user in users:
                db.session.add(
                    Delivery(notice_id=notice.id, user_id=user.id, letter=notice.letter, queued_at=notice.created_at)
                )
            db.session.commit()
            notice_id = notice.id

        def states() -> list[DeliveryState]:
            with app.app_context():
                query = select(Delivery.state).where(Delivery.notice_id == notice_id).order_by(Delivery.id)
                return list(db.session.scalars(query))

        return states

    return waiting


BOTH = {"measurement": "y", "preferences": "y"}


ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def banner_of(page):
    found = BANNER.search(page.get_data(as_text=True))
    return found[0] if found else None


def set_by(reply):
    return {cookie.partition("=")[0]: cookie for cookie in reply.headers.getlist("Set-Cookie")}
