"""The mailbox of a development portal lies under instance/, so a purged person's letters there go too.

The last letter stays readable at /dev/mailbox, without the address: it holds nothing else of the person.
"""

import email.policy
from email.parser import BytesParser
from pathlib import Path

from portal.erasure.emails import LAST_LETTER
from portal.extensions import settings
from portal.serving import mailbox_files

NOBODY = "erased@portal.invalid"


def folder() -> Path | None:
    """Where the local mailbox keeps its letters, if this portal has one."""
    given = settings()
    path = given.instance_path / "mailbox"
    return None if given.is_production or not path.is_dir() else path


def forget(recipient: str) -> None:
    """Remove the folder of one recipient (as `mailbox_files.recipient_folder` names it)."""
    directory = folder()
    if directory is None or not (directory / recipient).is_dir():
        return
    for file in sorted((directory / recipient).iterdir()):
        _keep_last_letter(directory, file)
        file.unlink(missing_ok=True)
    (directory / recipient).rmdir()


def _keep_last_letter(directory: Path, file: Path) -> None:
    letter = BytesParser(policy=email.policy.default).parsebytes(file.read_bytes())
    if letter["X-Portal-Letter"] != LAST_LETTER:
        return
    letter.replace_header("To", NOBODY)
    mailbox_files.deliver(directory, NOBODY, letter.as_bytes())
