"""The one clock. Nothing else in the portal asks what time it is, so a shifted clock governs all of it."""

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The present moment as an aware UTC datetime, moved by the offset of this process."""
    return datetime.now(UTC) + _offset


def shift(seconds: float) -> None:
    """Move this process's clock by `seconds` against the machine's (PORTAL_CLOCK_OFFSET, development only)."""
    global _offset
    _offset = timedelta(seconds=seconds)
