"""`flask doctor`: is everything as it should be, and if not, what to do."""

import json
import os
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from portal.accounts.models import Customer
from portal.audit import chain
from portal.core.database import db
from portal.core.throttle.stores import agreed
from portal.erasure.crowd import overdue
from portal.erasure.ledger import LedgerBroken
from portal.erasure.opened import ledger
from portal.erasure.replay import missing
from portal.extensions import settings
from portal.pages.mail_lines import unanswerable
from portal.pages.plain_lines import in_the_clear
from portal.storage import opened
from portal.storage.files import customer_prefix
from portal.work import runner

LATE_HOURS = 1


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `is_blocking`: nothing else can work until this does."""

    part: str
    is_ok: bool
    says: str
    is_blocking: bool = False


def _ok(part: str, says: str = "ok") -> Finding:
    return Finding(part, True, says)


def _wrong(part: str, what_to_do: str, *, blocking: bool = False) -> Finding:
    return Finding(part, False, what_to_do, blocking)


def look_at_configuration() -> Iterator[Finding]:
    given = settings()
    yield _ok("configuration", f"ok ({given.env}, {given.base_url})")
    if given.is_production and not given.dpo_name:
        yield _wrong("configuration", "Set PORTAL_DPO_NAME: who answers for data protection is shown to everyone.")
    if given.is_production:
        yield from (_wrong("configuration", what_to_do) for what_to_do in in_the_clear(given, os.environ))


def look_at_database() -> Iterator[Finding]:
    try:
        db.session.execute(text("select 1"))
        current = MigrationContext.configure(db.session.connection()).get_current_revision()
    except OperationalError as error:
        kind = type(error.orig).__name__
        yield _wrong("database", f"It does not answer ({kind}): check PORTAL_DATABASE_URL.", blocking=True)
        return
    head = ScriptDirectory(f"{current_app.root_path}/migrations").get_current_head()
    if current != head:
        yield _wrong("database", f"It stands at {current}, the code at {head}: run `flask db upgrade`.", blocking=True)
        return
    yield _ok("database", f"ok ({db.engine.dialect.name}, {head})")


def look_at_queue() -> Iterator[Finding]:
    waiting = current_app.extensions["queue"].pending_count()
    yield _ok("queue", f"ok ({waiting} waiting)")


def look_at_throttle() -> Iterator[Finding]:
    """Where wrong passwords and floods are counted."""
    redis = agreed().redis
    if redis is None:
        yield _ok("throttle", "ok (database)")
    elif redis.answers():
        yield _ok("throttle", "ok (redis)")
    else:
        yield _wrong("throttle", "Redis does not count, so the database counts meanwhile: check PORTAL_QUEUE_URL.")


def look_at_store() -> Iterator[Finding]:
    if opened.store().is_ready():
        yield _ok("store")
    else:
        yield _wrong("store", "It does not take files: check PORTAL_STORAGE_URL, the disk's space and the rights.")


def look_at_keys() -> Iterator[Finding]:
    """Store and mirror hold the same keys; each customer with files has one (DECISIONS 16)."""
    in_store, mirrored = opened.keys().count()
    if in_store != mirrored:
        yield _wrong("keys", f"{in_store} in the store, {mirrored} in the mirror: one place lost some; restore it.")
        return
    held = set(opened.keys().customers())
    known = set(map(str, db.session.scalars(select(Customer.id))))
    if strays := held - known:
        yield _wrong("keys", f"{len(strays)} keys belong to no customer: run `flask erasure replay`.")
    with_files = {each for each in known if next(opened.store().list(customer_prefix(each)), None)}
    if keyless := with_files - held:
        yield _wrong(
            "keys",
            f"{len(keyless)} customers have files and no key, so these cannot be read; restore the keys.",
        )
    if settings().is_production and opened.store().is_versioned():
        yield _wrong("keys", "The store is a versioned bucket, so deleted keys come back: use one without versions.")
    if not strays and not keyless:
        yield _ok("keys", f"ok ({in_store})")


def look_at_ledger() -> Iterator[Finding]:
    """Its chain holds, the database knows all of it, and it lies on another disk than what it outlives."""
    try:
        broken = ledger().verify()
    except LedgerBroken as error:
        broken = error.seq
    if broken is not None:
        yield _wrong("ledger", f"Entry {broken} is missing, changed or wrongly signed: restore the ledger's place.")
        return
    if behind := sum(1 for _ in missing()):
        yield _wrong("ledger", f"{behind} erasures are unknown to the database: run `flask erasure replay`.")
        return
    says = f"ok ({ledger().head()} entries)"
    if _same_device(opened.ledger_place().local_path, opened.instance_path()):
        says += "; warning: it lies on the same disk as instance/, so one failure takes both (PORTAL_LEDGER_URL)"
    yield _ok("ledger", says)


def _same_device(place: Path | None, other: Path) -> bool:
    if place is None or not other.exists():
        return False
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    return nearest.stat().st_dev == other.stat().st_dev


def look_at_mail() -> Iterator[Finding]:
    yield from (_wrong("mail", what_to_do) for what_to_do in unanswerable(settings()))
    try:
        with current_app.extensions["mail_carrier"].connect() as connection:
            connection.host.noop()
    except (OSError, smtplib.SMTPException) as error:
        yield _wrong("mail", f"The server does not answer ({type(error).__name__}): check PORTAL_SMTP_URL.")
        return
    yield _ok("mail")


def look_at_purges() -> Iterator[Finding]:
    if late := overdue(LATE_HOURS):
        yield _wrong("purges", f"{late} are more than an hour late: is a worker running? Run `flask retention sweep`.")
    else:
        yield _ok("purges")


def look_at_work() -> Iterator[Finding]:
    dead = {}
    for name, duty in runner.duties().items():
        query = select(func.count()).select_from(duty.model).where(duty.model.dead_at.is_not(None))
        dead[name] = db.session.scalar(query) or 0
    stuck = ", ".join(f"{count} × {name}" for name, count in dead.items() if count)
    yield _wrong("work", f"Given up after many tries: {stuck}.") if stuck else _ok("work")


def look_at_audit() -> Iterator[Finding]:
    broken = chain.first_break()
    if broken is None:
        yield _ok("audit", f"ok ({chain.length()} entries)")
    else:
        yield _wrong("audit", f"Entry {broken} does not fit the chain: somebody changed the table; compare a backup.")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    look_at_configuration,
    look_at_database,
    look_at_queue,
    look_at_throttle,
    look_at_store,
    look_at_keys,
    look_at_ledger,
    look_at_mail,
    look_at_purges,
    look_at_work,
    look_at_audit,
)


def examine() -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too. A blocking one ends the examination."""
    findings: list[Finding] = []
    for look in LOOKS:
        findings += _looked(look)
        if findings[-1].is_blocking:
            return findings
    return findings


def _looked(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    part = look.__name__.removeprefix("look_at_")
    try:
        return list(look())
    except (OperationalError, ProgrammingError) as error:
        db.session.rollback()
        kind = type(error.orig).__name__
        return [_wrong(part, f"The database does not answer as it should ({kind}): run `flask db upgrade`.")]
    except Exception as error:  # noqa: BLE001 (whatever a part raises, the others must be looked at)
        db.session.rollback()
        return [_wrong(part, f"It could not be looked at ({type(error).__name__}).")]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Is everything as it should be? Exit 0: yes; 1: something is wrong; 3: the portal is not ready."""
    findings = examine()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{'ok   ' if finding.is_ok else 'WRONG'} {finding.part:14} {finding.says}")
    if any(finding.is_blocking for finding in findings):
        raise SystemExit(3)
    if not all(finding.is_ok for finding in findings):
        raise SystemExit(1)


COMMANDS = (doctor,)
