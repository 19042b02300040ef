"""Letters as rows: written in the transaction of what caused them, posted after it is committed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped

from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, owner, table, technical
from portal.core.leases import Leased

LETTER_DAYS = 90
EMPTIED = _l("It may hold a secret link, so it stays unseen, and it is emptied once the mail server has accepted it.")


class LetterState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BOUNCED = "bounced"


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.NOTICES, purpose=Purpose.NOTICES, source=Source.SMARTOS, **kwargs)


class Letter(Leased, Model):
    """One letter to one address. Its text is emptied once the server has accepted it (clause 8.7)."""

    __tablename__ = "letter"
    __table_args__ = (table(_l("Letters sent to you"), keep=for_days(LETTER_DAYS, since="created_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = owner("user.id", nullable=True)
    name: Mapped[str] = technical()
    state: Mapped[LetterState] = technical(choice(LetterState), default=LetterState.QUEUED)
    address: Mapped[str | None] = _held(label=_l("Sent to"), nullable=True)
    locale: Mapped[str] = technical()
    subject: Mapped[str | None] = _held(label=_l("Subject"), nullable=True)
    text: Mapped[str | None] = _held(label=_l("Text, until sent"), nullable=True, withheld=EMPTIED)
    html: Mapped[str | None] = _held(label=_l("Text as a page, until sent"), nullable=True, withheld=EMPTIED)
    created_at: Mapped[datetime] = _held(label=_l("Written"), index=True)
    sent_at: Mapped[datetime | None] = _held(label=_l("Accepted by the mail server"), nullable=True)
    expires_at: Mapped[datetime | None] = technical(nullable=True)
