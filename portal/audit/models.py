"""The audit: append-only, hash-chained, ids and acts only (DECISIONS 18)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Model
from portal.core.datamap import shared


class AuditEntry(Model):
    """One act: who did what to whom, when. No free text, no foreign key out of the chain."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_customer_seq", "customer_id", "seq"),
        shared("ids, acts and times only; it outlives an erasure (DECISIONS 13)"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    act: Mapped[str]
    actor_id: Mapped[UUID | None]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    reason_digest: Mapped[str | None]
    previous: Mapped[str]
    digest: Mapped[str]
