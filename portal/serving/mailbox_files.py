"""The local mailbox's letters as files, one folder per recipient, so that a person can be forgotten."""

import email.policy
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

from uuid_utils.compat import uuid7

ID = re.compile(r"[0-9a-f]{32}")


class NoSuchMessage(LookupError):
    """No letter has this id, or it has been forgotten."""


@dataclass(frozen=True)
class MessageSummary:
    """One line of the mailbox; `received_at` is UTC and comes from the file."""

    id: str
    received_at: datetime
    subject: str
    to: str


@dataclass(frozen=True)
class Message:
    """A letter as a reader sees it: headers in their order, text and HTML parts (empty where missing)."""

    id: str
    received_at: datetime
    headers: list[tuple[str, str]]
    text: str
    html: str


def recipient_folder(address: str) -> str:
    """The folder for all letters to `address`, in whatever case it was typed; the name does not show it."""
    folded = unicodedata.normalize("NFC", address.strip()).lower()
    return hashlib.sha256(folded.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def deliver(directory: Path, address: str, content: bytes) -> str:
    """Keep `content` (RFC 5322, as it came) for `address`; on the disk when this returns the new id.

    Raises OSError, and then nothing is kept.
    """
    folder = directory / recipient_folder(address)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    message_id = uuid7().hex  # in the order of arrival, where two files have one time
    unfinished = folder / f".{message_id}"
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / f"{message_id}.eml")
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    for changed in (folder, directory):
        _sync(changed)
    return message_id


def messages(directory: Path, *, to: str | None = None, limit: int = 500) -> list[MessageSummary]:
    """The newest `limit` letters, newest first; with `to` only those that this address got."""
    folder = "*" if to is None else recipient_folder(to)
    files = _with_times(directory.glob(f"{folder}/*.eml"))
    newest = sorted(files, key=lambda one: (one[0], one[1].name), reverse=True)[:limit]
    return [summary for received, file in newest if (summary := _summary(file, received))]


def read(directory: Path, message_id: str) -> Message:
    """The letter with this id. Raises NoSuchMessage."""
    if not ID.fullmatch(message_id):
        raise NoSuchMessage(message_id)
    for file in directory.glob(f"*/{message_id}.eml"):
        parsed = BytesParser(policy=email.policy.default).parsebytes(file.read_bytes())
        headers = [(name, str(value)) for name, value in parsed.items()]
        return Message(
            message_id,
            _moment(file.stat().st_mtime_ns),
            headers,
            _part(parsed, "plain"),
            _part(parsed, "html"),
        )
    raise NoSuchMessage(message_id)


def forget(directory: Path, address: str) -> int:
    """Remove all letters to `address`; how many there were."""
    folder = directory / recipient_folder(address)
    if not folder.is_dir():
        return 0
    files = list(folder.iterdir())
    for file in files:
        file.unlink(missing_ok=True)
    _sync(folder)
    try:
        folder.rmdir()
    except OSError:
        # A letter came in between: its folder stays, and it was not there when we were asked
        return _count(files)
    _sync(directory)
    return _count(files)


def _count(files: list[Path]) -> int:
    return sum(file.suffix == ".eml" for file in files)


def _with_times(files: Iterator[Path]) -> Iterator[tuple[int, Path]]:
    for file in files:
        try:
            yield file.stat().st_mtime_ns, file
        except FileNotFoundError:  # forgotten while we looked
            continue


def _summary(file: Path, received: int) -> MessageSummary | None:
    try:
        with file.open("rb") as content:
            headers = BytesHeaderParser(policy=email.policy.default).parse(content)
    except FileNotFoundError:  # forgotten while we looked
        return None
    return MessageSummary(file.stem, _moment(received), str(headers["Subject"] or ""), str(headers["To"] or ""))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except LookupError:  # a charset that Python does not know
        text = bytes(part.get_payload(decode=True)).decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n")


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
