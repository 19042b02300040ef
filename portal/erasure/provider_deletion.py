"""Deleting what came from Facebook, on Facebook's word for the person (Meta, "Data Deletion Request Callback").

The account stays: Facebook's word proves who somebody is at Facebook, not that an account here should go
(docs/decisions/0021).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.audit import chain
from portal.core import clock, hashes
from portal.core.database import db, new_id
from portal.core.leases import Duty, Lease, TryLater
from portal.core.steps import reached
from portal.erasure import residue
from portal.erasure.models import ProviderDeletion, ProviderDeletionState
from portal.erasure.service import CODE, CODE_LENGTH
from portal.signin.providers import taken_back
from portal.signin.providers.models import Provider
from portal.signin.providers.signed_request import SignedRequest

LEASE_SECONDS = 60
MAX_ATTEMPTS = 200


def ask(asked: SignedRequest) -> str:
    """Delete what came from Facebook about this person; the code of the page that says how it went.

    The same code for the same request, however often and at whatever moment it comes, and one in the same form for
    somebody whom nobody here knows.
    """
    code = _code(asked)
    opened = _open(code)
    if opened is None:
        chain.record("facebook.callback-repeated")
        return code
    user, gone = taken_back.take_back(Provider.FACEBOOK, asked.user_id)
    opened.counts = dict(gone)
    opened.promise()  # also where nothing was found: what "deauthorize" deleted a moment ago has left its traces
    if user is not None:
        chain.record("facebook.data-deleted", subject=user, customer_id=user.customer_id)
    return code


def _code(asked: SignedRequest) -> str:
    """128 bits that nobody can guess or turn back without HASH_KEY; nothing else of the request is kept."""
    said = f"{Provider.FACEBOOK} {asked.user_id} {asked.issued_at.isoformat()}"
    return hashes.keyed("provider-deletion", said)[:CODE_LENGTH]


def _open(code: str) -> ProviderDeletion | None:
    """A new row; None when there is one, also one that another request is writing at this moment."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    values = {"id": new_id(), "code": code, "state": ProviderDeletionState.PENDING, "asked_at": clock.now()}
    row = insert(ProviderDeletion).values(**values, counts={}, attempts=0).on_conflict_do_nothing()
    made = db.session.execute(row.returning(ProviderDeletion.id)).scalar()
    return None if made is None else db.session.get_one(ProviderDeletion, made)


def by_code(code: str) -> ProviderDeletion | None:
    """The deletion behind a confirmation code."""
    if not CODE.fullmatch(code):
        return None
    return db.session.scalar(select(ProviderDeletion).where(ProviderDeletion.code == code))


def perform(lease: Lease, _: Any) -> None:
    """Take the last bytes of the deleted rows out of the database's files, and say so. Raises TryLater."""
    replace(lease, seconds=LEASE_SECONDS + residue.seconds_needed()).renew()
    reached("provider-deletion.begun")
    if not residue.compact_after_purge():
        raise TryLater
    reached("provider-deletion.compacted")
    lease.complete(state=ProviderDeletionState.PURGED, purged_at=clock.now())


DUTY = Duty(
    model=ProviderDeletion,
    perform=perform,
    lease_seconds=LEASE_SECONDS,
    max_attempts=MAX_ATTEMPTS,
    backoff=lambda attempts: timedelta(seconds=min(residue.RETRY_SECONDS * attempts, 300)),
)
