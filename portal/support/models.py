"""Messages by the contact form (clause 4.1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import Category, Source
from portal.core.database import Model, new_id
from portal.core.datamap import for_days, held, owner, table, technical

MESSAGE_DAYS = 180


def _held(**kwargs: Any) -> Any:
    return held(category=Category.REQUESTS, **kwargs)


class ContactMessage(Model):
    """What somebody wrote to support. Without an account nobody's closing ends it, so its age does.

    A message whose address is a user's belongs to that user even when they wrote signed out: they see it in
    My data, and it goes with them.
    """

    __tablename__ = "contact_message"
    __table_args__ = (table(_l("Messages by the contact form"), keep=for_days(MESSAGE_DAYS, since="created_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = owner("user.id", nullable=True)
    created_at: Mapped[datetime] = _held(label=_l("Received"), source=Source.AUTOMATIC, default=clock.now, index=True)
    full_name: Mapped[str] = _held(label=_l("Full name"))
    email: Mapped[str] = _held(label=_l("E-mail"))
    phone: Mapped[str] = _held(label=_l("Phone"), default="")
    subject: Mapped[str] = _held(label=_l("Subject"))
    body: Mapped[str] = _held(label=_l("Your message"))
