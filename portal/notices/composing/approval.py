"""Who lets a notice to many go: a second person, who neither wrote it nor changed it last (DECISIONS 20)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import Customer, Role, User
from portal.core.database import db
from portal.core.features import Feature
from portal.notices.composing.audience import FEATURES
from portal.notices.models import Notice

ALONE_UP_TO = 1_000
"""Recipients that one person may write to by the interface without a second one."""

WAIT_ALONE = timedelta(minutes=10)
"""How long a notice to more waits where nobody else could approve it."""


def may_approve(notice: Notice, user: User) -> bool:
    """Whether `user` can be the second person."""
    return user.id not in writers(notice) and user.may(FEATURES[notice.kind])


def writers(notice: Notice) -> set[UUID]:
    """The author, and who wrote in it last."""
    return {person for person in (notice.created_by_id, notice.edited_by_id) if person is not None}


def can_anyone(notice: Notice) -> bool:
    """Whether Smartos has a second person for this notice: one who stays, and holds the feature of its kind."""
    feature = FEATURES[notice.kind]
    people = db.session.execute(
        select(User.role, User.granted, Customer.features)
        .join(Customer, User.customer_id == Customer.id)
        .where(Customer.is_smartos, User.id.not_in(writers(notice)), User.closing_since.is_(None))
    )
    return any(_holds(feature, *person) for person in people)


def _holds(feature: Feature, role: Role, granted: list[str], features: list[str]) -> bool:
    return feature in features and (role == Role.ADMIN or feature in granted)
