"""A person's exports: ask for one, look at them, stop one, throw one away, open its download (clause 9.1)."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Customer, User
from portal.audit import chain
from portal.core import clock
from portal.core.categories import Category
from portal.core.database import db
from portal.core.throttle import TooOften
from portal.exports.models import OPEN_FOR, UNDER_WAY, Export, Opening, Scope, archive_prefix
from portal.extensions import settings
from portal.storage.keys import KeyForgotten
from portal.storage.opened import files, keys

A_DAY = timedelta(days=1)
PER_DAY = 20
LISTED = 20


class UnderWay(Exception):
    """An export is being prepared already; `export_id` is the one."""

    def __init__(self, export_id: UUID) -> None:
        super().__init__("an export is under way")
        self.export_id = export_id


class NotUnderWay(Exception):
    """There is nothing to cancel any more."""


class TooLate(Exception):
    """The account's time is over: what is left of it is about to be erased."""


def request(user: User, *, scope: Scope, categories: list[Category], include_files: bool) -> Export:
    """Order an export, to be built by a worker. No categories: all of them.

    Raises UnderWay, TooLate; TooOften beyond 20 in a day.
    """
    customer = db.session.get_one(Customer, user.customer_id, with_for_update=True)
    under_way = select(Export.id).where(Export.user_id == user.id, Export.state.in_(UNDER_WAY))
    if (running := db.session.scalar(under_way)) is not None:
        raise UnderWay(running)
    _refuse_too_many(user)
    _have_key(customer, user)
    export = Export(
        user_id=user.id,
        scope=scope,
        categories=[category.value for category in categories or Category],
        include_files=include_files,
        requested_at=clock.now(),
    )
    export.promise()
    db.session.add(export)
    db.session.flush()
    _note("export.requested", export, user)
    return export


def _refuse_too_many(user: User) -> None:
    recent = select(func.count()).where(Export.user_id == user.id, Export.requested_at > clock.now() - A_DAY)
    if (db.session.scalar(recent) or 0) >= PER_DAY:
        raise TooOften(int(A_DAY.total_seconds()) // PER_DAY)


def _have_key(customer: Customer, user: User) -> None:
    """The key that the archive is sealed with, made under the lock on its customer (DECISIONS 16).

    A closing customer keeps its key, and gets one while its purge cannot have begun.
    """
    try:
        keys().get(customer.id)
    except KeyForgotten:
        since = customer.closing_since or user.closing_since
        if since is not None and since + timedelta(days=settings().retention_days) <= clock.now():
            raise TooLate from None
        keys().make(customer.id)


def of(user: User) -> list[Export]:
    """This person's exports, the newest first."""
    query = select(Export).where(Export.user_id == user.id).order_by(Export.requested_at.desc()).limit(LISTED)
    return list(db.session.scalars(query))


def find(user: User, export_id: UUID, *, for_update: bool = False) -> Export | None:
    """This person's export, or None: a foreign one is as unknown as one that never was."""
    query = select(Export).where(Export.id == export_id, Export.user_id == user.id)
    return db.session.scalar(query.with_for_update() if for_update else query)


def cancel(export: Export, *, by: User) -> None:
    """Stop an export that is waiting or being built; what was written goes with the next sweep.

    Raises NotUnderWay.
    """
    if not export.is_under_way:
        raise NotUnderWay
    export.cancel()
    _note("export.cancelled", export, by)


def delete(export: Export, *, by: User) -> None:
    """Throw an export away: its archive now, its row with the caller's commit.

    Raises UnderWay.
    """
    if export.is_under_way:
        raise UnderWay(export.id)
    _note("export.deleted", export, by)
    files().delete_prefix(archive_prefix(by.customer_id, by.id, export.id))
    db.session.execute(sql.delete(Opening).where(Opening.export_id == export.id))
    db.session.delete(export)


def is_open(export: Export, *, sign_in_id: UUID) -> bool:
    """Whether a fresh proof has opened this download for this session within the last 24 hours."""
    since = clock.now() - OPEN_FOR
    query = select(Opening.id).where(
        Opening.export_id == export.id, Opening.sign_in_id == sign_in_id, Opening.opened_at > since
    )
    return db.session.scalar(query) is not None


def open_download(export: Export, *, by: User, sign_in_id: UUID) -> None:
    """Open this download for this session; counted, and told to the person on the export's page."""
    this_one = select(Opening).where(Opening.export_id == export.id, Opening.sign_in_id == sign_in_id)
    opening = db.session.scalar(this_one) or Opening(export_id=export.id, sign_in_id=sign_in_id)
    opening.opened_at = clock.now()
    db.session.add(opening)
    export.opened = _one_more(Export.opened)
    _note("export.opened", export, by)


def _one_more(counter: InstrumentedAttribute[int]) -> int:
    return counter + 1  # type: ignore[return-value]  # the database adds, so that two at once both count


def _note(act: str, export: Export, by: User) -> None:
    chain.record(act, subject=export, actor_id=by.id, customer_id=by.customer_id)
