"""What every store of the throttle can do; each act is atomic among all processes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Begun:
    """A try as the store counted it: allowed, then `wait_until` is what it set; or refused until then."""

    is_allowed: bool
    wait_until: datetime
    tried_at: datetime
    before: datetime  # when the try before it was counted; the same as `tried_at` for the first


class Store(Protocol):
    """Counts under keys that are keyed hashes already."""

    def add(self, key: str, start: datetime, *, seconds: int) -> int:
        """Count one in the window that starts at `start` and lasts `seconds`; how many there are now."""

    def begin(self, key: str, now: datetime) -> Begun:
        """Count a try, unless the ones before have to be waited for."""

    def take_back(self, key: str, begun: Begun) -> None:
        """That try was right: as if it had not been counted."""

    def forget(self, key: str) -> None:
        """All tries of this key are forgotten."""
