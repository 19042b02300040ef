"""The mailbox of a development portal lies under instance/, so a purged person's letters there go too.

The last letter stays readable at /dev/mailbox, without the address: it holds nothing else of the person.
"""

import email.policy
from collections.abc import Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from uuid import UUID

from portal.erasure.emails import LAST_LETTER
from portal.extensions import settings
from portal.serving import mailbox_files

NOBODY = "erased@portal.invalid"


def folder() -> Path | None:
    """Where the local mailbox keeps its letters, if this portal has one."""
    given = settings()
    path = given.instance_path / "mailbox"
    return None if given.is_production or not path.is_dir() else path


def copy_of(letter_id: UUID, address: str) -> str:
    """Where a letter's copy lies: the folder of its address; in the shared folder of support, the letter alone."""
    return f"letter-{letter_id}" if address == settings().support_email else mailbox_files.recipient_folder(address)


def forget(copies: Sequence[str]) -> None:
    """Remove what `copy_of` and `mailbox_files.recipient_folder` named."""
    directory = folder()
    if directory is None:
        return
    single = {name for name in copies if name.startswith("letter-")}
    for recipient in {*copies} - single:
        _forget_folder(directory, recipient)
    _forget_at_support(directory, single)


def _forget_at_support(directory: Path, letters: set[str]) -> None:
    shared = directory / mailbox_files.recipient_folder(settings().support_email)
    for file in sorted(shared.glob("*.eml")) if letters else ():
        message_id = str(_read(file)["Message-ID"]).strip("<>")
        if message_id.partition("@")[0] in letters:
            file.unlink(missing_ok=True)


def _forget_folder(directory: Path, recipient: str) -> None:
    if not (directory / recipient).is_dir():
        return
    for file in sorted((directory / recipient).iterdir()):
        _keep_last_letter(directory, file)
        file.unlink(missing_ok=True)
    (directory / recipient).rmdir()


def _keep_last_letter(directory: Path, file: Path) -> None:
    letter = _read(file)
    if letter["X-Portal-Letter"] != LAST_LETTER:
        return
    letter.replace_header("To", NOBODY)
    mailbox_files.deliver(directory, NOBODY, letter.as_bytes())


def _read(file: Path) -> EmailMessage:
    return BytesParser(policy=email.policy.default).parsebytes(file.read_bytes())
