"""The worker's side: take up an order, build its archive under a lease, and say so by letter.

Killed anywhere, the next worker removes what was left behind and starts again: nobody sees more than a bar
that begins anew. The result, the letter and the end of the lease are one transaction.
"""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Select

from portal.accounts.models import Customer, Kind, User
from portal.core import clock
from portal.core.categories import Category
from portal.core.database import db, reading
from portal.core.datamap import DataMap
from portal.core.leases import Duty, Lease, LeaseLost
from portal.core.steps import reached
from portal.exports import archive, emails, expiry
from portal.exports.contents import Order, parts
from portal.exports.models import KEPT, Export, ExportState, archive_prefix
from portal.storage.keys import KeyForgotten
from portal.storage.opened import files
from portal.storage.sealed import SealedWriter
from portal.transparency.categories import opens_customers_part

EVERY = 0.25  # seconds between two writings of the progress; the page asks once a second
MAX_ATTEMPTS = 6


class Meter:
    """Writes how far a build is, and holds on to its lease.

    Raises LeaseLost once the order was cancelled, erased, or taken over.
    """

    def __init__(self, lease: Lease, writer: SealedWriter) -> None:
        self._lease, self._writer = lease, writer
        self._told = time.monotonic()
        self.done = 0

    def advance(self, entries: int) -> None:
        self.done += entries
        if time.monotonic() - self._told >= EVERY:
            self.tell()

    def tell(self) -> None:
        self._lease.renew(done=self.done, bytes=self._writer.size)
        self._told = time.monotonic()


def perform(lease: Lease, _resource: Any) -> None:
    """Build one export. A purge or a cancellation on the way ends it without a trace."""
    order, path = _take_up(lease)
    files().delete_prefix(archive_prefix(order.customer_id, order.user_id, order.export_id))
    sealed = _write(lease, order, path)
    reached("export.sealed")
    try:
        _hand_over(lease, order, path, sealed)
    except LeaseLost:
        files().delete(path)
        raise


def _take_up(lease: Lease) -> tuple[Order, str]:
    order = _order(lease)
    db.session.commit()
    path = f"{archive_prefix(order.customer_id, order.user_id, order.export_id)}{_attempt(lease)}.zip"
    total = _total(order)
    db.session.commit()
    lease.renew(state=ExportState.RUNNING, path=path, done=0, total=total, bytes=0)
    reached("export.claimed")
    return order, path


def _attempt(lease: Lease) -> int:
    return db.session.get_one(Export, lease.id).attempts


def _order(lease: Lease) -> Order:
    """The order with all that its building needs to know. Raises LeaseLost when its user is gone."""
    export = db.session.get(Export, lease.id, populate_existing=True)
    user = db.session.get(User, export.user_id, populate_existing=True) if export else None
    if export is None or user is None:
        raise LeaseLost
    now, customer = clock.now(), user.customer
    return Order(
        export_id=export.id,
        user_id=user.id,
        customer_id=customer.id,
        scope=export.scope,
        categories=tuple(Category(name) for name in export.categories),
        include_files=export.include_files,
        requested_at=export.requested_at,
        made_at=now,
        keep_until=now + KEPT,
        locale=user.locale,
        **_subject(user, customer),
    )


def _subject(user: User, customer: Customer) -> dict[str, Any]:
    return {
        "is_individual": customer.kind == Kind.INDIVIDUAL and user.is_admin,
        "opens": frozenset(c for c in Category if user.may(opens_customers_part(c))),
        "full_name": user.full_name,
        "email": user.email,
        "phone": user.phone,
        "contact_address": user.contact_address,
        "company_name": customer.company_name,
        "company_address": customer.address,
    }


def _total(order: Order) -> int:
    """Entries to be written: each stands once in JSON and once in CSV."""
    datamap, dialect = _datamap(), db.engine.dialect.name
    counts = (datamap.count(p.table, p.root, [p.owner_id], dialect) for p in parts(datamap, order))
    return 2 * sum(int(db.session.scalar(count) or 0) for count in counts)


def _write(lease: Lease, order: Order, path: str) -> SealedWriter:
    try:
        with files().writer(order.customer_id, path) as writer:
            meter = Meter(lease, writer)
            means = archive.Means(_datamap(), _read, current_app.extensions["export_sources"], meter)
            archive.build(order, writer, means)
            meter.tell()
    except KeyForgotten:
        _stop_if_erased(order)
        raise
    return writer


def _read(query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    with reading():
        rows = db.session.execute(query).all()
        db.session.commit()
    return rows


def _stop_if_erased(order: Order) -> None:
    """Without the customer's key there is nothing to seal with: a purge is at work, or has been."""
    user = db.session.get(User, order.user_id, populate_existing=True)
    db.session.commit()
    if user is None or user.is_closing:
        raise LeaseLost


def _hand_over(lease: Lease, order: Order, path: str, sealed: SealedWriter) -> None:
    with reading():
        user = db.session.get(User, order.user_id, populate_existing=True)
        db.session.commit()
    if user is None:
        raise LeaseLost
    now = clock.now()
    emails.ready(user, order.export_id, now + KEPT)
    lease.complete(
        state=ExportState.READY,
        path=path,
        bytes=sealed.size,
        sha256=sealed.sha256,
        ready_at=now,
        expires_at=now + KEPT,
    )
    reached("export.before-commit")
    db.session.commit()
    reached("export.after-commit")


def give_up(export_id: UUID) -> None:
    """After the last try: the person is told, and can ask again; what was written goes with a sweep."""
    export = db.session.get(Export, export_id, populate_existing=True)
    user = db.session.get(User, export.user_id) if export else None
    if export is None or user is None:
        return
    export.fail()
    emails.failed(user, export.id)


def sweep() -> int:
    """Mark archives expired, remove their files and those of ended builds; how many exports were cleared.

    Killed between the file and the row, the next sweep finds the row again. Two at once do no harm.
    """
    now = clock.now()
    db.session.execute(expiry.expiring(now))
    db.session.commit()
    reached("export-expiry.marked")
    left = _read(expiry.left_behind(now))
    for export_id, customer_id, user_id in left:
        files().delete_prefix(archive_prefix(customer_id, user_id, export_id))
        reached("export-expiry.removed")
        db.session.execute(expiry.cleared(export_id))
        db.session.commit()
    return len(left)


def _datamap() -> DataMap:
    known: DataMap = current_app.extensions["datamap"]
    return known


DUTY = Duty(model=Export, perform=perform, max_attempts=MAX_ATTEMPTS, on_dead=give_up)
