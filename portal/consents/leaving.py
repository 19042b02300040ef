"""Leaving by the link of a letter: withdrawn, waiting letters cancelled and confirmed once, in one transaction."""

from uuid import UUID

from portal.accounts.models import User
from portal.consents import emails, service, standing
from portal.consents.models import ConsentWay
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core.database import db

PAGE = "/unsubscribe"


def given_to(user_id: UUID) -> list[ConsentPurpose]:
    """The kinds of advertising that go to this person; none to whoever was erased."""
    entries = standing.of(user_id)
    return [kind for kind in MARKETING if kind in entries and entries[kind].granted]


def reader(user_id: UUID) -> User | None:
    """Whose letters a link is about; None once the person was erased."""
    return db.session.get(User, user_id)


def leave(user: User, kinds: list[ConsentPurpose], *, way: ConsentWay) -> bool:
    """Stop these kinds for good and confirm it by one letter; False, and no letter, where they had stopped already."""
    stopped = [kind for kind in kinds if service.decide(user, kind, granted=False, way=way, page=PAGE)]
    if stopped:
        emails.unsubscribed(user, stopped)
    return bool(stopped)
