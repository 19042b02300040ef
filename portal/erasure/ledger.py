"""What was erased, when and on whose word, kept where no restore can undo it (DECISIONS 11 and 17).

One object per entry, `ledger/000000000001.json` and so on without a gap. Its bytes are canonical JSON:
ASCII (all else escaped as JSON has it), keys sorted, no space, no newline, the fields of Entry and nothing more. `prev`
is the SHA-256 of the previous object's bytes in hexadecimal (64 zeros for the first); `signature` is
Ed25519 (RFC 8032), in base64, over the same canonical JSON without the member `signature`. Ids and counts
only: no personal data.

The chain shows a changed, removed or inserted entry; that the newest ones were cut off it cannot show by
itself. Whoever writes an entry remembers its `seq` elsewhere (the closing's row does), and `head()` must
not be below it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from portal.erasure.signer import Signer, public_key, verifies
from portal.storage.place import Missing, Place, Taken, plain_id

PREFIX = "ledger/"
NOTHING_BEFORE = "0" * 64
SCOPES = ("me", "customer")

_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LedgerBroken(Exception):
    """Entry `seq` is missing or unreadable: nothing is appended until a person has looked."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"entry {seq} of the ledger is missing or unreadable")
        self.seq = seq


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One erasure. Scope "me" has a `user_id`, and the customer lives on; scope "customer" has none.

    An individual who closes their own account closes the customer (DECISIONS 9): scope "customer".
    `at` is ISO 8601 in UTC; `counts` says how many things of each kind went; `receipt` is the SHA-256 of
    the receipt's code in hexadecimal, if there is one; `key_id` names the key that signed.
    """

    seq: int
    prev: str
    at: str
    closing_id: str
    customer_id: str
    user_id: str | None
    scope: str
    ground: str
    counts: Mapping[str, int] = field(hash=False)
    receipt: str | None
    key_id: str
    signature: str

    def to_bytes(self) -> bytes:
        """The object's bytes, which the next entry's `prev` is the hash of."""
        return _canonical(asdict(self))

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return _canonical({name: value for name, value in asdict(self).items() if name != "signature"})

    def is_typed(self) -> bool:
        """Whether each field is of its type: what was read may come from anyone."""
        texts = (self.prev, self.at, self.closing_id, self.customer_id, self.scope, self.ground)
        signed = (self.key_id, self.signature)
        maybe = (self.user_id, self.receipt)
        return (
            type(self.seq) is int
            and isinstance(self.counts, dict)
            and all(isinstance(text, str) for text in (*texts, *signed))
            and all(text is None or isinstance(text, str) for text in maybe)
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The entry, if `data` is exactly what to_bytes would write; raises ValueError otherwise."""
        found = json.loads(data)
        if not isinstance(found, dict) or set(found) != {each.name for each in fields(cls)}:
            raise ValueError("not an entry of the ledger")
        entry = cls(**found)
        if entry.to_bytes() != data or not entry.is_typed():
            raise ValueError("not in canonical form")
        return entry


class Ledger:
    """The ledger in `place`; any number of processes append to it, and each entry gets a number of its own.

    `retired` holds public keys (as Signer.public_jwk gives them) of earlier RECEIPT_KEYs, whose entries
    stay valid.
    """

    def __init__(self, place: Place, signer: Signer, *, retired: tuple[Mapping[str, str], ...] = ()) -> None:
        self._place = place
        self._signer = signer
        self._keys = {jwk["kid"]: public_key(jwk) for jwk in (*retired, signer.public_jwk())}
        self._head = 0
        self._erased: set[str] = set()
        self._looked_through = 0

    def append(
        self,
        *,
        at: datetime,
        closing_id: UUID | str,
        customer_id: UUID | str,
        scope: str,
        ground: str,
        counts: Mapping[str, int],
        user_id: UUID | str | None = None,
        receipt: str | None = None,
        since: int = 0,
    ) -> Entry:
        """Write one entry, lastingly; a closing that has one already gets that one back.

        `since` is the head() from before the closing's first try: only entries from there on are looked
        through. Raises ValueError where an argument could carry anything but ids, words and counts;
        LedgerBroken.
        """
        draft = Entry(
            seq=0,
            prev=NOTHING_BEFORE,
            at=_utc(at),
            closing_id=plain_id(closing_id),
            customer_id=plain_id(customer_id),
            user_id=None if user_id is None else plain_id(user_id),
            scope=scope,
            ground=ground,
            counts=dict(counts),
            receipt=receipt,
            key_id=self._signer.key_id,
            signature="",
        )
        _refuse_more_than_ids(draft)
        return self._append(draft, since)

    def head(self) -> int:
        """The newest entry's number, 0 for an empty ledger. Lists the place once, then only looks ahead."""
        if not self._head:
            self._head = max((_seq(path) for path in self._place.list(PREFIX)), default=0)
        while self._place.exists(_path(self._head + 1)):
            self._head += 1
        return self._head

    def entries(self, since: int = 0) -> Iterator[Entry]:
        """Entries from number `since` on, in order. Raises LedgerBroken."""
        for seq in range(max(since, 1), self.head() + 1):
            yield self._entry(seq)

    def verify(self) -> int | None:
        """Number of the first entry that is missing, changed, out of chain or wrongly signed, or None."""
        prev = NOTHING_BEFORE
        for seq in range(1, self.head() + 1):
            try:
                entry = self._entry(seq)
            except LedgerBroken:
                return seq
            if entry.prev != prev or not self._is_signed(entry):
                return seq
            prev = _sha256(entry)
        return None

    def contains_customer(self, customer_id: UUID | str) -> bool:
        """Whether the whole customer was erased, so that its key must not come back; one member is not."""
        for entry in self.entries(self._looked_through + 1):
            if entry.user_id is None:
                self._erased.add(entry.customer_id)
            self._looked_through = entry.seq
        return plain_id(customer_id) in self._erased

    def _append(self, draft: Entry, since: int) -> Entry:
        seq = max(since, 1)
        while True:
            for entry in self.entries(seq):
                if entry.closing_id == draft.closing_id:
                    return self._lasting(entry)
                seq = entry.seq + 1
            written = self._write(replace(draft, seq=seq))
            if written:
                return self._lasting(written)

    def _write(self, draft: Entry) -> Entry | None:
        """The entry, chained to the one before it and written; None when another process took its number."""
        prev = _sha256(self._entry(draft.seq - 1)) if draft.seq > 1 else NOTHING_BEFORE
        unsigned = replace(draft, prev=prev)
        entry = replace(unsigned, signature=self._signer.sign(unsigned.signed_bytes()))
        try:
            self._place.put(_path(entry.seq), entry.to_bytes(), create=True)
        except Taken:
            return None
        return entry

    def _lasting(self, entry: Entry) -> Entry:
        self._place.sync(_path(entry.seq))  # also one found: its writer may have died before this
        return entry

    def _entry(self, seq: int) -> Entry:
        try:
            entry = Entry.from_bytes(self._place.get(_path(seq)))
        except (Missing, ValueError):
            raise LedgerBroken(seq) from None
        if entry.seq != seq:
            raise LedgerBroken(seq)
        return entry

    def _is_signed(self, entry: Entry) -> bool:
        key = self._keys.get(entry.key_id)
        return key is not None and verifies(key, entry.signature, entry.signed_bytes())


def _refuse_more_than_ids(entry: Entry) -> None:
    """Raises ValueError, without repeating what was given: it could be personal data."""
    if entry.scope not in SCOPES or (entry.scope == "me") != (entry.user_id is not None):
        raise ValueError("scope is 'me' with a user_id, or 'customer' without")
    if not _WORD.fullmatch(entry.ground) or not all(map(_WORD.fullmatch, entry.counts)):
        raise ValueError("the ground and the names of counts are single words in small letters")
    if not all(type(count) is int and count >= 0 for count in entry.counts.values()):
        raise ValueError("counts are whole numbers, 0 or more")
    if entry.receipt is not None and not _SHA256.fullmatch(entry.receipt):
        raise ValueError("receipt is the SHA-256 of the code, in hexadecimal")


def _utc(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("the time must say its zone")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def _sha256(entry: Entry) -> str:
    return hashlib.sha256(entry.to_bytes()).hexdigest()


def _path(seq: int) -> str:
    return f"{PREFIX}{seq:012d}.json"


def _seq(path: str) -> int:
    number = path.removeprefix(PREFIX).removesuffix(".json")
    return int(number) if number.isdecimal() and len(number) == 12 else 0
