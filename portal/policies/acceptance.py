"""Who is bound by which version: by agreeing at sign-up, or by continued use (clauses 1.2, 12.4)."""

from datetime import datetime

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.policies.models import AcceptanceWay, PolicyAcceptance, PolicyKind
from portal.policies.versions import in_force

__all__ = ["agreed_at_sign_up", "in_force"]


def agreed_at_sign_up(user: User, *, at: datetime | None = None) -> None:
    """Keep that `user` agreed to both documents as they were in force when the form was sent (`at`, default now)."""
    moment = at or clock.now()
    for kind in PolicyKind:
        version = in_force(kind, at=moment)
        if version is None:
            continue
        db.session.add(
            PolicyAcceptance(
                user_id=user.id,
                kind=kind,
                number=version.number,
                locale=user.locale,
                way=AcceptanceWay.SIGN_UP,
                at=moment,
            )
        )
