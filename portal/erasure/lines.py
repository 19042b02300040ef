"""Lines of the ledger for a crowd of closings: each exactly once, and no line read twice to know it."""

import hashlib
from collections.abc import Mapping

from portal.core import clock
from portal.erasure.ledger import Entry, Ledger
from portal.erasure.models import Closing


class Lines:
    """Writes lines; `since` is the ledger's head() from before the first try of any of these closings."""

    def __init__(self, ledger: Ledger, *, since: int) -> None:
        self._ledger = ledger
        self._seen = since
        self._known: dict[str, Entry] = {}

    def write(self, closing: Closing, *, counts: Mapping[str, int]) -> Entry:
        """The closing's line; where there is one, an earlier try's with its counts. Raises LedgerBroken."""
        for entry in self._ledger.entries(self._seen + 1):
            self._known[entry.closing_id] = entry
            self._seen = entry.seq
        found = self._known.get(str(closing.id))
        return found or self._ledger.append(
            at=clock.now(),
            closing_id=closing.id,
            customer_id=closing.customer_id,
            user_id=closing.user_id,
            scope=closing.scope.value,
            ground="closed",
            counts=counts,
            receipt=fingerprint(closing.code),
            since=self._seen,
        )


def fingerprint(code: str) -> str:
    """What the ledger holds of a receipt's code: its SHA-256, so that the ledger opens no status page."""
    return hashlib.sha256(code.encode("ascii")).hexdigest()
