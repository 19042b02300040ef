"""Closings: who leaves, until when it can be undone, and how far the erasure has come (clauses 8.2, 8.3)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import Category, Purpose
from portal.core.database import Model, choice, new_id
from portal.core.datamap import Keep, held, owner, shared, table, technical
from portal.core.leases import Leased


class Scope(StrEnum):
    """What goes: one person, or the customer with all its people."""

    ME = "me"
    CUSTOMER = "customer"


class State(StrEnum):
    """The life of a closing: pending → purging → purged; undone while pending; held by an order."""

    PENDING = "pending"
    HELD = "held"
    PURGING = "purging"
    PURGED = "purged"
    UNDONE = "undone"


class Step(StrEnum):
    """How far a purge has come, in the order of DECISIONS 11. A step is done once it is stored here."""

    NONE = "none"
    BEGUN = "begun"
    RECORDED = "recorded"
    CUT_OFF = "cut-off"
    FILES_GONE = "files-gone"
    ROWS_GONE = "rows-gone"
    TOLD = "told"
    COMPACTED = "compacted"


class ProviderDeletionState(StrEnum):
    """Rows are gone in the transaction that answers the provider; purged when their last bytes are (DECISIONS 11)."""

    PENDING = "pending"
    PURGED = "purged"


PROVIDER_DELETION_DAYS = 400
OPEN = (State.PENDING, State.HELD, State.PURGING)
_IS_OPEN = "state in ('pending', 'held', 'purging')"


def _open_once(name: str, column: str, scope: Scope) -> Index:
    where = text(f"{_IS_OPEN} and scope = '{scope.value}'")
    return Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


class Closing(Leased, Model):
    """One account on its way out. It names ids only and belongs to nobody, so it outlives what it erases.

    `erase_at` is the promise to the person; `due_at` (of the lease) also moves with retries. `code` opens the
    public status page and cannot be guessed.
    """

    __tablename__ = "closing"
    __table_args__ = (
        _open_once("uq_closing_open_customer", "customer_id", Scope.CUSTOMER),
        _open_once("uq_closing_open_user", "user_id", Scope.ME),
        CheckConstraint("(scope = 'me') = (user_id is not null)", name="user_of_scope"),
        CheckConstraint("(state = 'purged') = (purged_at is not null)", name="purged_at_of_state"),
        shared("ids, times and counts only; it outlives an erasure as the proof of it (DECISIONS 13)"),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    scope: Mapped[Scope] = technical(choice(Scope))
    customer_id: Mapped[UUID] = technical(index=True)
    user_id: Mapped[UUID | None] = technical(nullable=True, index=True)
    asked_by: Mapped[UUID | None] = technical(nullable=True)
    state: Mapped[State] = technical(choice(State), default=State.PENDING)
    step: Mapped[Step] = technical(choice(Step), default=Step.NONE)
    code: Mapped[str] = technical(unique=True)
    closed_at: Mapped[datetime] = technical()
    erase_at: Mapped[datetime] = technical(index=True)
    undone_at: Mapped[datetime | None] = technical(nullable=True)
    purged_at: Mapped[datetime | None] = technical(nullable=True)
    is_replay: Mapped[bool] = technical(default=False)
    ledger_since: Mapped[int] = technical(default=0)
    ledger_seq: Mapped[int | None] = technical(nullable=True, index=True)
    counts: Mapped[dict[str, int]] = technical(JSON, default=dict)
    last_letters: Mapped[list[str]] = technical(JSON, default=list)
    letters_failed: Mapped[int] = technical(default=0)
    mailboxes: Mapped[list[str]] = technical(JSON, default=list)

    @property
    def root(self) -> str:
        """The table on the data map from which everything that goes is reached."""
        return "customer" if self.scope == Scope.CUSTOMER else "user"

    @property
    def root_id(self) -> UUID:
        """The row of that table."""
        return self.user_id or self.customer_id


def _held(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.REQUESTS, purpose=Purpose.RIGHTS, **kwargs)


class ClosingReason(Model):
    """Why somebody leaves, in their own words; it goes with them."""

    __tablename__ = "closing_reason"
    __table_args__ = (table(_l("Why you close your account")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    closing_id: Mapped[UUID] = technical(index=True)
    at: Mapped[datetime] = _held(label=_l("Written"), default=clock.now)
    reason: Mapped[str] = _held(label=_l("Reason"))


class ProviderDeletion(Leased, Model):
    """What Facebook asked to delete for somebody, by `code` alone: a keyed hash of who it was and when it was asked.

    The same for people whom nobody here knows. It names no user, so it outlives one.
    """

    __tablename__ = "provider_deletion"
    __table_args__ = (
        CheckConstraint("(state = 'purged') = (purged_at is not null)", name="purged_at_of_state"),
        {
            "info": {
                "shared": "a keyed hash, times and counts; the proof that a provider's wish was followed",
                "keep": Keep(_l("400 days"), PROVIDER_DELETION_DAYS, "asked_at"),
            }
        },
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    code: Mapped[str] = technical(unique=True)
    state: Mapped[ProviderDeletionState] = technical(
        choice(ProviderDeletionState), default=ProviderDeletionState.PENDING
    )
    asked_at: Mapped[datetime] = technical(default=clock.now, index=True)
    purged_at: Mapped[datetime | None] = technical(nullable=True, default=None)
    counts: Mapped[dict[str, int]] = technical(JSON, default=dict)
