"""What a report means: does nobody live there, is it only not now, or was this one letter not wanted (RFC 3463)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.notices.returns.reports import Fields

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)", re.ASCII)
REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])", re.ASCII)
MAILBOX_FULL = "5.2.2"
FULL_REPLY = "552"
"""Exceeded storage allocation (RFC 5321, 4.2.3), where nothing more exact is said."""

OF_THE_LETTER = re.compile(r"5\.(?:6|7)\.\d+|5\.1\.[78]|5\.2\.3|5\.3\.4")
"""About this letter, its size or its sender: nothing that would be wrong with the recipient's mailbox."""


class Fate(StrEnum):
    """From the mildest to the hardest."""

    ARRIVED = "arrived"
    SOFT = "soft"
    REFUSED = "refused"
    HARD = "hard"


MILDEST_FIRST = list(Fate)


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    status: str = ""


def verdict(recipients: Iterable[Fields], address: str | None) -> Verdict:
    """What became of a letter to `address`.

    Where the report names others (an alias stands for several mailboxes), the letter counts as lost only when it
    reached none of them.
    """
    every = list(recipients)
    own = [one for one in every if address and one.recipient == address.lower()]
    found = [_of(one) for one in own or every]
    return min(found, key=lambda one: MILDEST_FIRST.index(one.fate), default=Verdict(Fate.ARRIVED))


def _of(fields: Fields) -> Verdict:
    if fields.action != "failed":  # delayed, delivered, relayed, expanded: it is on its way, or there
        return Verdict(Fate.ARRIVED)
    status = _status(fields)
    if status.startswith("4") or status == MAILBOX_FULL:
        return Verdict(Fate.SOFT, status)
    if OF_THE_LETTER.fullmatch(status):
        return Verdict(Fate.REFUSED, status)
    return Verdict(Fate.HARD, status) if status.startswith("5") else Verdict(Fate.ARRIVED)


def _status(fields: Fields) -> str:
    """The code given; where it says nothing (Exim writes 5.0.0 always), the one in the other server's own words."""
    given = _enhanced(fields.status)
    if given and not given.endswith(".0.0"):
        return given
    said = _enhanced(fields.diagnostic)
    if said and (not given or said[0] == given[0]):
        return said
    reply = REPLY.search(fields.diagnostic)
    if reply and reply.group(1) == FULL_REPLY:
        return MAILBOX_FULL
    return given or (f"{reply.group(1)[0]}.0.0" if reply else "")


def _enhanced(text: str) -> str:
    found = STATUS.search(text)
    return ".".join(str(int(number)) for number in found.groups()) if found else ""
