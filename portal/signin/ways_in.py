"""What a person can get in by, and the one rule: the last of them stays (a link by mail is a rescue, no way in)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.signin.factors.models import Passkey
from portal.signin.models import Way
from portal.signin.providers.models import LinkedAccount


@dataclass(frozen=True)
class WayIn:
    """One way in: `id` is the row of the passkey or linked account, None for the password."""

    way: Way
    id: UUID | None = None


def ways_in(user: User) -> list[WayIn]:
    """The password, every passkey, and every linked account whose provider has not taken back its word."""
    passkeys = select(Passkey.id).where(Passkey.user_id == user.id).order_by(Passkey.id)
    linked = select(LinkedAccount.id, LinkedAccount.provider).where(
        LinkedAccount.user_id == user.id, LinkedAccount.paused_at.is_(None)
    )
    return [
        *([WayIn(Way.PASSWORD)] if user.password_hash else []),
        *(WayIn(Way.PASSKEY, row) for row in db.session.scalars(passkeys)),
        *(WayIn(provider.way, row) for row, provider in db.session.execute(linked)),
    ]


def is_last(user: User, way: Way, row_id: UUID | None = None) -> bool:
    """Whether nothing would be left to get in by without this one (a paused account counts for nothing)."""
    return not [other for other in ways_in(user) if other != WayIn(way, row_id)]


def hold(user: User) -> None:
    """Until this transaction ends nobody else takes a way in from this person; before `is_last`, where it counts."""
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
