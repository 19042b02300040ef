"""Reading delivery reports (RFC 3464) and complaints (RFC 5965) as mail servers write them, and strangers forge them.

Nothing in a report is believed but what a signed address says of whose letter it is. The parts are split here and not
by the `email` package's parser, which goes as deep as a message is nested; headers are read by it.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import HeaderParser
from email.utils import parsedate_to_datetime

from portal.mailer import verp
from portal.mailer.verp import Origin

READ_BYTES = 1_000_000
"""Of each message so much is looked at; what was returned with a report comes after what matters."""

DEPTH = 4
PARTS = 50
LONGEST_HEADER = 1_000
ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
COMPLAINT_TYPE = "message/feedback-report"
RETURNED_TYPES = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
COMPLAINTS = ("abuse", "opt-out")


@dataclass(frozen=True)
class Fields:
    """What a report says of one recipient; `status` and `diagnostic` as they were written."""

    recipient: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True)
class Report:
    """One message that came in: whose letter it is about, if signed, and what is said of it."""

    origin: Origin | None
    recipients: tuple[Fields, ...] = ()
    is_complaint: bool = False
    written_at: datetime | None = None


def read(content: bytes, *, recipient: str = "") -> Report:
    """Read one message; `recipient` is its envelope's, where the mail server tells. Whatever it is, never an error."""
    whole = _parsed(content[:READ_BYTES].decode("utf-8", errors="replace").replace("\r\n", "\n"))
    parts = list(_parts(whole, DEPTH))[:PARTS]
    complaint = next((_within(part) for part in parts if part.get_content_type() == COMPLAINT_TYPE), None)
    addresses = [recipient, *(_header(whole, name) for name in ENVELOPE)]
    if complaint is not None:
        addresses += [_header(complaint, "Original-Mail-From"), *_senders_of_returned(parts)]
    return Report(
        origin=next((origin for text in addresses if (origin := verp.find(text))), None),
        recipients=tuple(_recipients(parts)),
        is_complaint=complaint is not None and _says(complaint, "Feedback-Type") in COMPLAINTS,
        written_at=_moment(_header(whole, "Date")),
    )


def _parsed(text: str) -> Message:
    """Headers, and all that follows as one text."""
    return HeaderParser().parsestr(text)


def _header(part: Message, name: str) -> str:
    """The values of a header as one line; nothing where somebody made it longer than any server does."""
    text = " ".join(" ".join(str(value).split()) for value in part.get_all(name, []))
    return text if len(text) <= LONGEST_HEADER else ""


def _parts(whole: Message, depth: int) -> Iterator[Message]:
    """The parts of a message, and theirs; what was returned is a part, and is not looked into."""
    if len(str(whole.get("Content-Type", ""))) > LONGEST_HEADER:
        return
    boundary = _boundary(whole)
    if not depth or boundary is None or whole.get_content_maintype() != "multipart":
        yield whole
        return
    for text in _between(_text(whole), boundary)[1:]:
        yield from _parts(_parsed(text), depth - 1)


def _boundary(part: Message) -> str | None:
    """None too where it is written in a character set that cannot be read (RFC 2231)."""
    try:
        return part.get_boundary()
    except ValueError:
        return None


def _between(text: str, boundary: str) -> list[str]:
    """The texts between the lines of a boundary (RFC 2046, 5.1.1); what comes after fifty of them is left out."""
    pieces: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.rstrip() not in (f"--{boundary}", f"--{boundary}--"):
            pieces[-1].append(line)
        elif len(pieces) > PARTS:
            break
        else:
            pieces.append([])
    return ["\n".join(piece) for piece in pieces]


def _text(part: Message) -> str:
    """What follows the headers, decoded where it was encoded against RFC 3464; what cannot be decoded is nothing."""
    written = str(part.get_payload())
    encoding = _header(part, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64":
            decoded = base64.b64decode(written.encode())
        elif encoding == "quoted-printable":
            decoded = quopri.decodestring(written.encode())
        else:
            return written
    except (binascii.Error, ValueError):
        return ""
    return decoded.decode("utf-8", errors="replace").replace("\r\n", "\n")


def _recipients(parts: list[Message]) -> Iterator[Fields]:
    """One for each block of fields that speaks of a recipient (RFC 3464, 2.3)."""
    for part in parts:
        if part.get_content_type() not in STATUS_TYPES:
            continue
        for block in re.split(r"\n[ \t]*\n", _text(part).strip("\n"))[:PARTS]:
            fields = _parsed(block.strip("\n"))
            if "Final-Recipient" in fields or "Original-Recipient" in fields or "Action" in fields:
                yield _fields(fields)


def _fields(fields: Message) -> Fields:
    named = _header(fields, "Final-Recipient") or _header(fields, "Original-Recipient")
    return Fields(
        recipient=named.rpartition(";")[2].strip().strip("<>").lower(),
        action=_says(fields, "Action"),
        status=_header(fields, "Status"),
        diagnostic=_header(fields, "Diagnostic-Code"),
    )


def _says(fields: Message, name: str) -> str:
    """The first word of a field, without a comment after it."""
    return (_header(fields, name).lower().split("(")[0].split() or [""])[0]


def _within(part: Message) -> Message:
    """The fields, or headers, of which a part consists."""
    return _parsed(_text(part).lstrip("\n"))


def _senders_of_returned(parts: list[Message]) -> Iterator[str]:
    """A complaint comes to an address agreed with the provider, so the letter is known by its own envelope sender."""
    return (_header(_within(part), "Return-Path") for part in parts if part.get_content_type() in RETURNED_TYPES)


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
