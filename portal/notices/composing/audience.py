"""Who a notice goes to: written as rows in one statement, so that an audience costs no memory."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, insert, literal, select, true

from portal.accounts.models import Customer, User
from portal.consents import standing
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind

SAMPLE = 10
FEATURES = {
    NoticeKind.POLICY: Feature.NOTICES,
    NoticeKind.SERVICE: Feature.NOTICES,
    NoticeKind.CAMPAIGN: Feature.CAMPAIGNS,
}
"""Who of Smartos may write, send and follow each kind."""


def write(notice: Notice, *, concerns: ColumnElement[int] | None = None) -> int:
    """One delivery for everyone whom `notice` concerns now; returns how many, those held back at once among them.

    A policy notice goes to every user, closing ones included (DECISIONS 20): nobody becomes a user before their
    address is verified. A service notice goes to the users of its product, package and language; a campaign to those
    of them who consent to its kind and are not leaving. Whoever's letters came back is suppressed at once and told by
    a banner. `concerns` is SQL over User: the bits of the lines that concern each reader.
    """
    state = Delivery.state.type
    held_back = case(
        (User.mail_returned_at.is_not(None), literal(DeliveryState.SUPPRESSED, state)),
        else_=literal(DeliveryState.QUEUED, state),
    )
    columns = {
        "notice_id": literal(notice.id, Delivery.notice_id.type),
        "user_id": User.id,
        "letter": literal(notice.letter),
        "state": held_back,
        "queued_at": literal(clock.now(), Delivery.queued_at.type),
        "concerns": literal(0) if concerns is None else concerns,
    }
    people = _people(select(*columns.values()), notice).where(_wants(notice)).order_by(User.id)
    db.session.execute(insert(Delivery).from_select(list(columns), people, include_defaults=False))
    written = select(func.count()).select_from(Delivery).where(Delivery.notice_id == notice.id)
    return db.session.scalar(written) or 0


def _people(wanted: Any, notice: Notice) -> Any:
    """`wanted` of the users whom the notice is about, whatever they consented to."""
    wanted = wanted.select_from(User)
    if notice.kind == NoticeKind.POLICY:
        return wanted
    wanted = wanted.join(Customer, User.customer_id == Customer.id)
    if notice.only_product:
        wanted = wanted.where(cast(Customer.products, String).contains(f'"{notice.only_product.value}"'))
    if notice.only_package:
        wanted = wanted.where(Customer.package == notice.only_package)
    if notice.only_locale:
        wanted = wanted.where(User.locale == notice.only_locale)
    return wanted


def _wants(notice: Notice) -> ColumnElement[bool]:
    """Advertising goes to nobody who did not consent to its kind, or who is leaving (clause 4.5)."""
    if notice.kind != NoticeKind.CAMPAIGN:
        return true()
    return and_(_stays(), standing.has_consented(User.id, notice.purpose))


def _stays() -> ColumnElement[bool]:
    return and_(User.closing_since.is_(None), Customer.closing_since.is_(None))


@dataclass(frozen=True)
class Size:
    """How many people a notice would reach now, and how many of those it is about are held back, and why."""

    reached: int
    came_back: int
    not_consented: int
    leaving: int

    @property
    def recipients(self) -> int:
        """For how many a delivery is written."""
        return self.reached + self.came_back


def foresee(notice: Notice) -> Size:
    """The audience as it is now, counted in one statement."""
    returned, wants = User.mail_returned_at.is_not(None), _wants(notice)
    is_campaign = notice.kind == NoticeKind.CAMPAIGN
    stays = _stays() if is_campaign else true()
    numbers = [
        func.count().filter(wants, ~returned),
        func.count().filter(wants, returned),
        func.count().filter(stays, ~wants) if is_campaign else literal(0),
        func.count().filter(~stays) if is_campaign else literal(0),
    ]
    reached, came_back, not_consented, leaving = db.session.execute(_people(select(*numbers), notice)).one()
    return Size(reached, came_back, not_consented, leaving)


@dataclass(frozen=True)
class Somebody:
    """One of those whom a notice would reach, as far as personnel see them."""

    address: str
    locale: str
    package: str


def sample(notice: Notice) -> list[Somebody]:
    """Ten of those whom `notice` would reach, by chance, masked."""
    wanted = select(User.email, User.locale, Customer.package)
    if notice.kind == NoticeKind.POLICY:
        wanted = wanted.join(Customer, User.customer_id == Customer.id)
    reached = _people(wanted, notice).where(_wants(notice), User.mail_returned_at.is_(None))
    chosen = db.session.execute(reached.order_by(func.random()).limit(SAMPLE))
    return [Somebody(masked(email), locale, package) for email, locale, package in chosen]


def masked(email: str) -> str:
    """An address as personnel see it: n•••@gmail.com."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def packages() -> list[str]:
    """The service packages that customers have."""
    known = select(Customer.package).where(~Customer.is_smartos).distinct().order_by(Customer.package)
    return list(db.session.scalars(known))


def size() -> int:
    """How many people a notice to everyone would reach now."""
    return db.session.scalar(select(func.count()).select_from(User)) or 0
