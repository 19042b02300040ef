"""Exports: a person's order for a copy of their data, and the downloads that a fresh proof has opened."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import CATEGORY_WORDS, Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, owner, table, technical
from portal.core.leases import Leased
from portal.storage.files import user_prefix

KEPT = timedelta(days=7)  # an archive, once it is ready
OPEN_FOR = timedelta(hours=24)  # one download in one session, after one fresh proof (DECISIONS 6)
EXPORT_DAYS = 90
OPENING_DAYS = 30  # shorter than its export is kept, so that no row outlives the one it hangs on


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


UNDER_WAY = (ExportState.QUEUED, ExportState.RUNNING)
STATE_WORDS = {
    ExportState.QUEUED: _l("Waiting"),
    ExportState.RUNNING: _l("Being prepared"),
    ExportState.READY: _l("Ready"),
    ExportState.FAILED: _l("Failed"),
    ExportState.CANCELLED: _l("Cancelled"),
    ExportState.EXPIRED: _l("No longer kept"),
}
STATE_TONES = {
    ExportState.QUEUED: "info",
    ExportState.RUNNING: "info",
    ExportState.READY: "good",
    ExportState.FAILED: "danger",
    ExportState.CANCELLED: "neutral",
    ExportState.EXPIRED: "neutral",
}


class Scope(StrEnum):
    """Whose data: the person's own, or the customer's (its members by name, role and work address only)."""

    ME = "me"
    CUSTOMER = "customer"


SCOPE_WORDS = {Scope.ME: _l("My own data"), Scope.CUSTOMER: _l("My organisation's data")}


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.EXPORTS, purpose=Purpose.RIGHTS, **kwargs)


def _made(*args: Any, **kwargs: Any) -> Any:
    return _held(*args, source=Source.AUTOMATIC, **kwargs)


class Export(Leased, Model):
    """A copy of somebody's data, ordered and built (clause 9.1).

    `path` is where the archive lies or is being written; it is emptied when nothing lies there any more.
    `done` and `total` count entries written, `bytes` what the archive weighs.
    """

    __tablename__ = "export"
    __table_args__ = (
        CheckConstraint(
            "state <> 'ready' or (path is not null and bytes > 0 and sha256 is not null"
            " and ready_at is not null and expires_at is not null)",
            name="ready_has_archive",
        ),
        Index(
            "uq_export_under_way",
            "user_id",
            unique=True,
            sqlite_where=text("state in ('queued', 'running')"),
            postgresql_where=text("state in ('queued', 'running')"),
        ),
        table(_l("Copies of your data"), keep=for_days(EXPORT_DAYS, since="requested_at")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    state: Mapped[ExportState] = _made(
        choice(ExportState), label=_l("State"), words=STATE_WORDS, default=ExportState.QUEUED
    )
    scope: Mapped[Scope] = _held(choice(Scope), label=_l("Whose data"), words=SCOPE_WORDS, default=Scope.ME)
    categories: Mapped[list[str]] = _held(JSON, label=_l("Chosen categories"), words=CATEGORY_WORDS, default=list)
    include_files: Mapped[bool] = _held(label=_l("With uploaded files"), default=False)
    requested_at: Mapped[datetime] = _made(label=_l("Asked for"), default=clock.now, index=True)
    ready_at: Mapped[datetime | None] = _made(label=_l("Ready since"), nullable=True, default=None)
    expires_at: Mapped[datetime | None] = _made(label=_l("Archive kept until"), nullable=True, default=None, index=True)
    opened: Mapped[int] = _made(label=_l("Downloads opened"), default=0)
    done: Mapped[int] = technical(default=0)
    total: Mapped[int] = technical(default=0)
    bytes: Mapped[int] = _made(label=_l("Size in bytes"), default=0)
    ended_at: Mapped[datetime | None] = technical(nullable=True, default=None)
    path: Mapped[str | None] = technical(nullable=True, default=None)
    sha256: Mapped[str | None] = technical(nullable=True, default=None)

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def is_ready(self) -> bool:
        """Whether there is an archive to download now: its time may be over before the sweep comes by."""
        until = self.expires_at
        return self.state == ExportState.READY and until is not None and until > clock.now()

    def cancel(self) -> None:
        """Stop: a worker that is at it finds its lease lost."""
        self._end(ExportState.CANCELLED)
        self.withdraw_promise()

    def fail(self) -> None:
        """Given up; the person can ask again."""
        self._end(ExportState.FAILED)

    def _end(self, state: ExportState) -> None:
        self.state, self.ended_at = state, clock.now()


class Opening(Model):
    """One export's download, opened in one session by a fresh proof; for 24 hours, so that Range works.

    A row of its own, for signing in lies below this room and knows no exports, and the person may read in it
    when a download was opened. `sign_in_id` is no foreign key: sessions end without asking us.
    """

    __tablename__ = "export_opening"
    __table_args__ = (
        UniqueConstraint("export_id", "sign_in_id"),
        table(_l("Downloads of your copies"), keep=for_days(OPENING_DAYS, since="opened_at")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    export_id: Mapped[UUID] = owner("export.id")
    sign_in_id: Mapped[UUID] = technical()
    opened_at: Mapped[datetime] = _made(label=_l("Download opened"), default=clock.now, index=True)


def archive_prefix(customer_id: UUID, user_id: UUID, export_id: UUID) -> str:
    """Where all that is written for one export lies: under its user, so that an erasure takes it along."""
    return f"{user_prefix(customer_id, user_id)}exports/{export_id}/"
