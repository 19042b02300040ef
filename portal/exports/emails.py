"""Letters about exports: facts only; the words are in templates/mail/exports/."""

from datetime import datetime
from uuid import UUID

from portal.accounts.models import User
from portal.core import web
from portal.mailer.post import Reader, write


def ready(user: User, export_id: UUID, expires_at: datetime) -> None:
    """The copy can be downloaded; the link leads to its page, which asks who is there."""
    facts = {"full_name": user.full_name, "link": _page(export_id), "expires_at": expires_at}
    write("exports/ready", Reader(user.email, user.locale, user.id), facts, expires_at=expires_at)


def failed(user: User, export_id: UUID) -> None:
    """The copy could not be made, in spite of several tries."""
    facts = {"full_name": user.full_name, "link": _page(export_id)}
    write("exports/failed", Reader(user.email, user.locale, user.id), facts)


def _page(export_id: UUID) -> str:
    return web.absolute_url("exports.show", export_id=export_id)
