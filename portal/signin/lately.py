"""What happened lately to what guards an account, read off the audit chain: acts and times, no free text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db

SHOWN = 10
ACTS = {
    "signin.started": _l("Somebody signed in"),
    "signin.ended": _l("Somebody signed out"),
    "signin.refused": _l("A sign-in was refused"),
    "sessions.ended-by-operator": _l("Smartos signed all devices out"),
    "password.changed": _l("The password was set anew"),
    "email.change-asked": _l("Another e-mail address was asked for"),
    "email.changed": _l("The e-mail address was changed"),
    "email.put-back": _l("The e-mail address from before was put back"),
    "phone.changed": _l("The phone number was changed"),
    "phone.removed": _l("The phone number was removed"),
    "passkey.added": _l("A passkey was added"),
    "passkey.removed": _l("A passkey was removed"),
    "second-step.on": _l("The second step was switched on"),
    "second-step.off": _l("The second step was switched off"),
    "second-step.taken-off-by-operator": _l("Smartos took the second step off"),
    "second-step.refused": _l("A code of the second step was refused"),
    "second-step.replayed": _l("A code of the second step came a second time and was refused"),
    "recovery-codes.renewed": _l("New recovery codes were made"),
    "recovery-codes.dropped": _l("The recovery codes were dropped"),
    "recovery-code.used": _l("A recovery code was used"),
    "recovery-code.refused": _l("A recovery code was refused"),
    "account.linked": _l("An account at Google or Facebook was linked"),
    "account.unlinked": _l("An account at Google or Facebook was unlinked"),
    "account.link-resumed": _l("A linked account that was paused opens this one again"),
    "account.recovered": _l("“This was not me” was pressed, and everyone was signed out"),
}


@dataclass(frozen=True)
class Act:
    """One thing that happened, in the reader's words, and when."""

    at: datetime
    words: Any


def of(user: User) -> list[Act]:
    """The ten latest, the newest first; one statement."""
    mine = (AuditEntry.customer_id == user.customer_id, AuditEntry.subject_id == user.id)
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.act)
        .where(*mine, AuditEntry.act.in_(ACTS))
        .order_by(AuditEntry.seq.desc())
        .limit(SHOWN)
    )
    return [Act(at, ACTS[act]) for at, act in rows]
