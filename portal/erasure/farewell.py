"""The last letter: rendered before the rows go; its row alone keeps the address, for a day (DECISIONS 12)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db, new_id
from portal.erasure import emails, local_mailbox
from portal.erasure.models import Closing
from portal.mailer.models import Letter, LetterState
from portal.mailer.post import Reader
from portal.serving.mailbox_files import recipient_folder
from portal.work import runner

PATIENCE_SECONDS = 30
AT_ONCE = 20
WAITS = timedelta(seconds=30)  # the purge sends its letters itself; any other worker helps out after that


def write(closings: Sequence[Closing], people: Sequence[User]) -> list[dict[str, Any]]:
    """A last letter to each of `people`; what each closing must remember. Touches no table before a flush."""
    by_root = {closing.root_id: closing for closing in closings}
    remembered: dict[UUID, dict[str, Any]] = {}
    for person in people:
        closing = by_root.get(person.customer_id) or by_root[person.id]
        known = {"id": closing.id, "last_letters": [], "mailboxes": list(closing.mailboxes)}
        note = remembered.setdefault(closing.id, known)
        if not closing.is_replay:
            note["last_letters"].append(str(_letter(person, closing).id))
        if local_mailbox.folder():
            note["mailboxes"].append(recipient_folder(person.email))
    return list(remembered.values())


def _letter(person: User, closing: Closing) -> Letter:
    letter = emails.erased(Reader(person.email, person.locale), closing)
    letter.id = new_id()
    letter.expires_at = clock.now() + timedelta(hours=emails.LAST_LETTER_HOURS)
    letter.promise(at=clock.now() + WAITS)
    return letter


def remember_copies(closings: Sequence[Closing], root: str) -> None:
    """Before the letters' rows go: where the local mailbox has copies of them, at addresses of earlier days too."""
    if local_mailbox.folder() is None:
        return
    by_root = {closing.root_id: closing for closing in closings}
    whose = User.customer_id if root == "customer" else User.id
    rows = db.session.execute(
        select(whose, Letter.id, Letter.address)
        .join(User, Letter.user_id == User.id)
        .where(whose.in_(by_root), Letter.address.is_not(None))
    )
    copies: dict[UUID, set[str]] = {}
    for owner, letter, address in rows:
        copies.setdefault(by_root[owner].id, set()).add(local_mailbox.copy_of(letter, address or ""))
    if copies:
        values = [{"id": closing_id, "mailboxes": sorted(found)} for closing_id, found in copies.items()]
        db.session.execute(update(Closing), values)


def deliver(closings: Sequence[Closing], *, between: Callable[[], None]) -> bool:
    """Send what is not yet sent; whether all is done with: accepted, refused for good, or a day old."""
    waiting = _unfinished(closings)
    for start in range(0, len(waiting), AT_ONCE):
        some = waiting[start : start + AT_ONCE]
        _due_now(some)
        runner.run("letter", only=Letter.id.in_(some))
        between()
    is_done = not _unfinished(closings)
    db.session.commit()
    return is_done


def _ids(closings: Sequence[Closing]) -> list[UUID]:
    return [UUID(letter) for closing in closings for letter in closing.last_letters]


def _unfinished(closings: Sequence[Closing]) -> list[UUID]:
    query = select(Letter.id).where(Letter.id.in_(_ids(closings)), Letter.state == LetterState.QUEUED)
    found = list(db.session.scalars(query))
    db.session.commit()
    return found


def _due_now(ids: Sequence[UUID]) -> None:
    untouched = (Letter.id.in_(ids), Letter.leased_by.is_(None), Letter.attempts == 0)
    db.session.execute(update(Letter).where(*untouched).values(due_at=clock.now()))
    db.session.commit()


def forget(closings: Sequence[Closing]) -> None:
    """Remove the letters' rows and the local mailbox's copies; failures are counted. The caller commits."""
    for closing in closings:
        local_mailbox.forget(closing.mailboxes)
    failed = _failures(closings)
    values = [{"id": c.id, "letters_failed": failed[c.id], "last_letters": [], "mailboxes": []} for c in closings]
    db.session.execute(delete(Letter).where(Letter.id.in_(_ids(closings))))
    db.session.execute(update(Closing), values)


def _failures(closings: Sequence[Closing]) -> dict[UUID, int]:
    query = select(Letter.id).where(Letter.id.in_(_ids(closings)), Letter.state != LetterState.SENT)
    lost = {str(letter) for letter in db.session.scalars(query)}
    return {c.id: c.letters_failed + len(lost.intersection(c.last_letters)) for c in closings}
