"""Notices of service and campaigns, submitted by the portal's own service, and lanes that a test works on itself."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask

from portal.accounts.models import User
from portal.consents import service as consents
from portal.consents.models import ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core import leases
from portal.core.database import db
from portal.notices import service
from portal.notices.engine import claiming, sending
from portal.notices.engine.claiming import Held
from portal.notices.models import Delivery, Lane, Notice, NoticeKind, NoticeText

T = TypeVar("T")


class Sendings:
    """Writes and submits; every call is committed, as an officer's click is."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def draft(self, kind: NoticeKind = NoticeKind.SERVICE, *, by: User | None = None, **columns: Any) -> UUID:
        """A notice in both languages that nobody has submitted yet."""
        with self.app.app_context():
            author = by.id if by else None
            notice = Notice(kind=kind, letter=f"notices/{kind}", created_by_id=author, edited_by_id=author, **columns)
            db.session.add(notice)
            db.session.flush()
            for locale in ("vi", "en"):
                words = ["Xin chào ", "full_name", "."]
                text = NoticeText(notice_id=notice.id, locale=locale, subject="Tin mới", text=words, html=words)
                db.session.add(text)
            db.session.commit()
            return notice.id

    def submit(self, notice_id: UUID, by: User) -> UUID:
        """The draft goes out, or waits for approval."""
        self.act(service.submit, notice_id, by=by)
        return notice_id

    def service(self, by: User, **columns: Any) -> UUID:
        """A notice of service, to everyone there is."""
        return self.submit(self.draft(by=by, **columns), by)

    def campaign(self, by: User, purpose: ConsentPurpose = ConsentPurpose.PROMOTIONS, **columns: Any) -> UUID:
        """Advertising, to everyone who consents to it."""
        return self.submit(self.draft(NoticeKind.CAMPAIGN, by=by, purpose=purpose, **columns), by)

    def act(self, step: Callable[..., None], notice_id: UUID, *, by: User) -> None:
        """One of the service's steps, as a person's click."""
        with self.app.app_context():
            notice = service.locked(notice_id)
            assert notice
            step(notice, by=by)
            db.session.commit()

    def consent(self, user: User, purpose: ConsentPurpose = ConsentPurpose.PROMOTIONS, *, granted: bool = True) -> None:
        """`user` turns the switch of `purpose`."""
        with self.app.app_context():
            person = db.session.get_one(User, user.id)
            consents.decide(person, purpose, granted=granted, way=ConsentWay.SWITCH, page="/consents", locale="vi")
            db.session.commit()

    def take(self, notice_id: UUID, *, lane: int = 0) -> list[Held]:
        """What a lane that has just come to this notice gets into its hands; it never sends it."""
        with self.app.app_context():
            row = db.session.scalars(db.select(Lane).where(Lane.notice_id == notice_id, Lane.number == lane)).one()
            row.withdraw_promise()
            row.promise()
            db.session.commit()
            lease = leases.claim(sending.DUTY, only=Lane.id == row.id)
            assert lease
            return claiming.claim(lease, db.session.get_one(Notice, notice_id))

    def by_address(self, notice_id: UUID) -> dict[str, str]:
        """The state of each delivery by its reader's address."""
        with self.app.app_context():
            rows = db.session.execute(
                db.select(User.email, Delivery.state)
                .join(Delivery, Delivery.user_id == User.id)
                .where(Delivery.notice_id == notice_id)
            )
            return {address: state.value for address, state in rows}


def at_once(acts: Iterable[Callable[[], T]]) -> list[T | Exception]:
    """Do all of these at the same moment, each in a thread of its own; what each gave or raised."""
    acts = list(acts)
    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(act) for act in acts]
    return [_outcome(one) for one in running]


def _outcome(one: Any) -> Any:
    return one.exception() or one.result()
