"""The purge, in the order of DECISIONS 11. Every step may be repeated; what dies midway is taken up again.

pending → begun → recorded in the ledger → sessions, links and queued letters ended → files and keys gone →
rows gone (one transaction) → last letters sent → residue gone → purged.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Table, delete, func, select, update

from portal.accounts.models import MailedLink, User
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.core.datamap import batch
from portal.core.leases import Duty, Lease, LeaseLost, put_back
from portal.core.steps import reached
from portal.erasure import farewell, residue
from portal.erasure.crowd import Crowd, gather
from portal.erasure.lines import Lines
from portal.erasure.models import Closing, Scope, State, Step
from portal.erasure.opened import ledger
from portal.erasure.rehearsal import FILES, count_rows, datamap, measure_files, prefix_of
from portal.exports import expiry
from portal.exports.models import archive_prefix
from portal.mailer.models import Letter
from portal.signin.models import SignIn
from portal.storage import opened
from portal.work import doorbell

log = structlog.get_logger(__name__)

LEASE_SECONDS = 25
LETTERS_A_SECOND = 50  # a careful guess; one takes about 2 ms to render
MAX_ATTEMPTS = 200
IN_FLIGHT_SECONDS = 15
ORDER = list(Step)


class NotYet(Exception):
    """Something outside must end first: a letter on its way, a reader of the database. Nobody's fault."""

    def __init__(self, seconds: int) -> None:
        super().__init__("not yet")
        self.seconds = seconds


def perform(lease: Lease, _: Any) -> None:
    """Purge the leased closing together with all that are due beside it."""
    crowd = gather(lease)
    if crowd is not None:
        _purge(crowd)


def _purge(crowd: Crowd) -> None:
    """All steps for all; where one closing fails, the others go on without it."""
    try:
        _take_steps(crowd)
    except LeaseLost:
        raise
    except NotYet as pause:
        db.session.rollback()
        crowd.release(due_at=clock.now() + timedelta(seconds=pause.seconds), attempts=0)
        db.session.commit()
        doorbell.ring(DUTY.name, after=pause.seconds + 1)  # not only at the sweeper's next full minute
    except Exception as error:  # noqa: BLE001 (whatever failed, the others must go on)
        db.session.rollback()
        if len(crowd.closings) > 1:
            for half in crowd.reloaded().halves():
                _purge(half)
            return
        log.warning("purge.failed", row=str(crowd.ids[0]), step=crowd.step, error=type(error).__name__)
        put_back(DUTY, Lease(Closing, crowd.ids[0], crowd.lease.token, crowd.lease.seconds), error)


def _take_steps(crowd: Crowd) -> None:
    for step, act in STEPS.items():
        if ORDER.index(crowd.step) >= ORDER.index(step):
            continue
        act(crowd)
        crowd.hold(step=step)
        db.session.commit()
        crowd = crowd.reloaded()
        reached(f"purge.{step}")
    _finish(crowd)
    reached("purge.purged")


def _begin(crowd: Crowd) -> None:
    """From here on nobody can undo; an undone closing has lost its lease. Raises LeaseLost."""
    since = ledger().head()
    statement = update(Closing).where(Closing.id.in_(crowd.ids), Closing.state == State.PENDING)
    db.session.execute(statement.values(state=State.PURGING, ledger_since=since))


def _record(crowd: Crowd) -> None:
    """The ledger first, so that no erasure is ever without its line; counts by the dry run."""
    counted = count_rows(crowd.root, crowd.root_ids)
    db.session.commit()
    lines = Lines(ledger(), since=min(closing.ledger_since for closing in crowd.closings))
    values = []
    for closing in crowd.each():
        files, _ = measure_files(_prefix(closing))
        going = {name: n for name, n in counted[closing.root_id].items() if n}
        entry = lines.write(closing, counts={**going, FILES: files})
        reached("purge.line-written")
        values.append({"id": closing.id, "ledger_seq": entry.seq, "counts": dict(entry.counts)})
    db.session.execute(update(Closing), values)


def _cut_off(crowd: Crowd) -> None:
    """No session, no link, no letter and no running work of these people any more. Raises NotYet."""
    if _letters_on_their_way(crowd):
        raise NotYet(IN_FLIGHT_SECONDS)
    farewell.remember_copies(crowd.closings, crowd.root)
    going = datamap()
    chosen = batch(crowd.root_ids, db.engine.dialect.name)
    for model in (SignIn, MailedLink, Letter):
        table = _table(model)
        db.session.execute(delete(table).where(going.owned(table, crowd.root, chosen)))
    for table in going.tables(crowd.root):
        if "leased_by" in table.columns:
            stopped = {"due_at": None, "leased_until": None, "leased_by": None}
            db.session.execute(update(table).where(going.owned(table, crowd.root, chosen)).values(stopped))


def _letters_on_their_way(crowd: Crowd) -> int:
    letters, chosen = _table(Letter), batch(crowd.root_ids, db.engine.dialect.name)
    query = select(func.count()).select_from(letters).where(letters.c.leased_until > clock.now())
    return db.session.scalar(query.where(datamap().owned(letters, crowd.root, chosen))) or 0


def _remove_files(crowd: Crowd) -> None:
    """Files by prefix, and the customer's key: from here on every copy of the files is unreadable."""
    for closing in crowd.each():
        opened.files().delete_prefix(_prefix(closing))
        if closing.scope == Scope.CUSTOMER:
            opened.keys().forget(closing.customer_id)
        else:
            _end_archives_with(closing)


def _end_archives_with(closing: Closing) -> None:
    """A colleague's copy of the whole customer names this person, so it ends; they can ask for a new one."""
    for export_id, customer_id, user_id in db.session.execute(expiry.showing_members(closing.customer_id)).all():
        opened.files().delete_prefix(archive_prefix(customer_id, user_id, export_id))
        db.session.execute(expiry.ended(export_id))


def _remove_rows(crowd: Crowd) -> None:
    """All rows in one transaction off the data map, with the last letters in their place."""
    dialect, going, people = db.engine.dialect.name, datamap(), _people(crowd)
    crowd.hold(seconds=LEASE_SECONDS + len(people) // LETTERS_A_SECOND)
    db.session.commit()
    values = farewell.write(crowd.closings, people)  # rendered before any lock is held
    for statement in (
        *going.forgetting(crowd.root, crowd.root_ids, dialect),
        *going.erasing(crowd.root, crowd.root_ids, dialect),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    if values:
        db.session.execute(update(Closing), values)
    for closing in crowd.closings:
        chain.record("account.erased", subject=closing, customer_id=closing.customer_id)
    db.session.flush()
    reached("purge.rows-in-transaction")


def _people(crowd: Crowd) -> list[User]:
    key = User.customer_id if crowd.root == "customer" else User.id
    chosen = batch(crowd.root_ids, db.engine.dialect.name)
    people = list(db.session.scalars(select(User).where(key.in_(chosen)).order_by(User.id)))
    db.session.expunge_all()  # what goes by statements must not come back by the session
    db.session.commit()
    return people


def _tell(crowd: Crowd) -> None:
    """Send the last letters; waits for the mail server for a day at most. Raises NotYet."""
    db.session.commit()
    if not farewell.deliver(crowd.closings, between=crowd.stay):
        raise NotYet(farewell.PATIENCE_SECONDS)


def _compact(crowd: Crowd) -> None:
    """Nothing readable may be left where rows and letters were. Raises NotYet."""
    db.session.commit()
    _remove_files(crowd)  # once more: what another worker or a late request finished after its rows were gone
    farewell.forget(crowd.closings)
    crowd.hold(seconds=residue.seconds_needed())
    db.session.commit()
    reached("purge.letters-forgotten")
    if not residue.compact_after_purge():
        raise NotYet(residue.RETRY_SECONDS)


def _finish(crowd: Crowd) -> None:
    crowd.release(state=State.PURGED, purged_at=clock.now(), due_at=None, attempts=0, failure=None)
    db.session.commit()


def _prefix(closing: Closing) -> str:
    return prefix_of(closing.scope, closing.customer_id, closing.user_id)


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


STEPS: dict[Step, Callable[[Crowd], None]] = {
    Step.BEGUN: _begin,
    Step.RECORDED: _record,
    Step.CUT_OFF: _cut_off,
    Step.FILES_GONE: _remove_files,
    Step.ROWS_GONE: _remove_rows,
    Step.TOLD: _tell,
    Step.COMPACTED: _compact,
}

DUTY = Duty(model=Closing, perform=perform, lease_seconds=LEASE_SECONDS, max_attempts=MAX_ATTEMPTS)
