"""The secrets of a development instance: made once, and the same for every process that asks."""

import secrets
from pathlib import Path

from portal.storage.disk import Disk
from portal.storage.place import Missing, Taken

BYTES = 32


def development_secret(directory: Path, name: str) -> str:
    """The secret called `name` (such as STORAGE_KEY), 32 random bytes in base64url, from a file of mode 0600.

    Two processes that start at once agree: the file appears whole, once, and the slower one reads it.
    Production never asks here: it is given its secrets (docs/contract.md, Settings).
    """
    folder = Disk(directory)
    try:
        return folder.get(name).decode("ascii").strip()
    except Missing:
        made = secrets.token_urlsafe(BYTES)
    try:
        folder.put(name, made.encode("ascii"), create=True)
    except Taken:
        return folder.get(name).decode("ascii").strip()
    folder.sync(name)
    return made
