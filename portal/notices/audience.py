"""Who a notice goes to: written as rows in one statement, so that an audience costs no memory."""

from sqlalchemy import func, insert, literal, select

from portal.accounts.models import Customer, Role, User
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from portal.notices.models import Delivery, DeliveryState, Notice


def write(notice: Notice) -> int:
    """One delivery for every user there is now, closing ones included (DECISIONS 20); returns how many.

    Nobody becomes a user before their address is verified, so every user is a verified one.
    """
    everyone = select(
        literal(notice.id, Delivery.notice_id.type),
        User.id,
        literal(notice.letter),
        literal(DeliveryState.QUEUED, Delivery.state.type),
        literal(clock.now(), Delivery.queued_at.type),
    ).order_by(User.id)
    columns = ["notice_id", "user_id", "letter", "state", "queued_at"]
    db.session.execute(insert(Delivery).from_select(columns, everyone, include_defaults=False))
    written = select(func.count()).select_from(Delivery).where(Delivery.notice_id == notice.id)
    return db.session.scalar(written) or 0


def others_who_may(feature: Feature, *, than: User) -> int:
    """How many other people of Smartos hold `feature`: one of them can be the second person."""
    people = db.session.execute(
        select(User.role, User.granted, Customer.features)
        .join(Customer, User.customer_id == Customer.id)
        .where(Customer.is_smartos, User.id != than.id, User.closing_since.is_(None))
    )
    return sum(feature in features and (role == Role.ADMIN or feature in granted) for role, granted, features in people)


def size() -> int:
    """How many people a notice to everyone would reach now."""
    return db.session.scalar(select(func.count()).select_from(User)) or 0
