"""One file key per customer; without it every copy of their files is unreadable, backups included.

`keys/<customer id>` holds 32 random bytes wrapped under STORAGE_KEY (AES key wrap, RFC 3394): in the store,
and as a mirror beside the ledger; never in the database, never in a backup (DECISIONS 16).
"""

import base64
import binascii
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from portal.storage.place import Missing, Place, Taken, plain_id

PREFIX = "keys/"
KEY_BYTES = 32
REMEMBERED = 60.0  # seconds that an unwrapped key may stay in a process other than the one that forgot it
ROUNDS = 3  # a reader may put the mirror back once while its key is being forgotten


class BadKey(ValueError):
    """A secret setting is not 32 bytes in base64url. The text names the setting, never its value."""


class KeyForgotten(Exception):
    """The customer has no file key, or no longer: what was sealed with it is gone for good."""


class WrongStorageKey(Exception):
    """A customer's key does not open under this STORAGE_KEY: it was wrapped with another one."""


class KeyStillThere(Exception):
    """A key was deleted in both places and one of them still shows it; forgetting must be tried again."""


def parse_key(text: str, *, name: str = "STORAGE_KEY") -> bytes:
    """32 bytes from base64url, with or without the '=' at its end. Raises BadKey."""
    bare = text.strip().removesuffix("=")
    try:
        key = base64.b64decode(bare + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or {"+", "/"} & set(bare):
        raise BadKey(f"{name} must be {KEY_BYTES} random bytes in base64url: 43 letters, digits, '-' and '_'")
    return key


class Keys:
    """The customers' keys in `store` and `mirror`, wrapped under `kek`. Safe to share between threads.

    What is still wrapped under the `before` one opens too, until `rewrap` has gone over it. `monotonic` gives
    seconds that only ever grow.
    """

    def __init__(
        self,
        store: Place,
        mirror: Place,
        kek: bytes,
        *,
        before: bytes | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._mirror = mirror
        self._kek = kek
        self._before = before
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, bytes]] = {}

    def make(self, customer_id: UUID | str) -> bytes:
        """The customer's key, made if there is none; both places hold it durably before this returns.

        Only under a lock on an active customer's row: else an upload that races a purge leaves a new key
        behind. Where the store lost its key and the mirror kept it, the kept one goes back: a new one would
        lose the files.
        """
        path = _path(customer_id)
        self._known.pop(path, None)  # what another process forgot must not come back from memory
        with suppress(Taken):  # somebody was faster: theirs is the key
            self._store.put(path, self._mirrored(path) or self._new(), create=True)
        key = self.get(customer_id)
        for place in (self._store, self._mirror):
            place.sync(path)
        return key

    def get(self, customer_id: UUID | str) -> bytes:
        """The customer's key, at most 60 seconds old in memory; puts back a missing mirror.

        Raises KeyForgotten, WrongStorageKey.
        """
        path = _path(customer_id)
        made, key = self._known.get(path, (-REMEMBERED, b""))
        if key and self._monotonic() - made < REMEMBERED:
            return key
        asked = self._monotonic()
        wrapped = self._wrapped(path)
        self._heal(path, wrapped)
        key = self._unwrap(wrapped)
        self._remember(path, key, asked)
        return key

    def forget(self, customer_id: UUID | str) -> None:
        """Delete the key: mirror, then store, so that no crash leaves a mirror that could bring it back.

        Returns when both say that it is gone and will stay gone after a power cut. Repeating it is harmless.
        Raises KeyStillThere.
        """
        path = _path(customer_id)
        for _ in range(ROUNDS):
            self._delete(path)
            if not (self._mirror.exists(path) or self._store.exists(path)):
                return
        raise KeyStillThere(path)

    def rewrap(self, customer_id: UUID | str) -> bool:
        """Wrap the customer's key under the present STORAGE_KEY in both places; whether one was not yet.

        Only under a lock on the customer's row: a purge clears the key once more after it has deleted that row.
        Repeating it is harmless. Raises KeyForgotten, WrongStorageKey.
        """
        path = _path(customer_id)
        fresh = aes_key_wrap(self._kek, self._unwrap(self._wrapped(path)))
        stale = [place for place in (self._store, self._mirror) if not place.exists(path) or place.get(path) != fresh]
        for place in stale:
            place.put(path, fresh)
            place.sync(path)
        return bool(stale)

    def count(self) -> tuple[int, int]:
        """How many keys the store and the mirror hold; they differ only where something was lost."""
        return sum(1 for _ in self._store.list(PREFIX)), sum(1 for _ in self._mirror.list(PREFIX))

    def customers(self) -> Iterator[str]:
        """Ids of all customers that have a key in either place: to find keys without a customer."""
        in_store = set(self._store.list(PREFIX))
        yield from sorted(path.removeprefix(PREFIX) for path in in_store.union(self._mirror.list(PREFIX)))

    def _new(self) -> bytes:
        return aes_key_wrap(self._kek, os.urandom(KEY_BYTES))

    def _mirrored(self, path: str) -> bytes | None:
        try:
            return self._mirror.get(path)
        except Missing:
            return None

    def _wrapped(self, path: str) -> bytes:
        try:
            return self._store.get(path)
        except Missing:
            raise KeyForgotten(path) from None

    def _unwrap(self, wrapped: bytes) -> bytes:
        for kek in filter(None, (self._kek, self._before)):
            with suppress(InvalidUnwrap, ValueError):
                return aes_key_unwrap(kek, wrapped)
        raise WrongStorageKey("a customer's key does not open under this STORAGE_KEY")

    def _delete(self, path: str) -> None:
        for place in (self._mirror, self._store):
            place.delete(path)
            place.sync(path)
        self._known.pop(path, None)

    def _heal(self, path: str, wrapped: bytes) -> None:
        """Put a missing mirror back: its maker may have died between the two places.

        It may also be missing because somebody is forgetting the key right now. Then the store loses it
        too, and what was put back here must go again, or the key would live on in the mirror alone.
        """
        if self._mirror.exists(path):
            return
        try:
            self._mirror.put(path, wrapped, create=True)
        except Taken:
            return
        self._mirror.sync(path)
        if not self._store.exists(path):
            self._mirror.delete(path)
            self._mirror.sync(path)
            raise KeyForgotten(path)

    def _remember(self, path: str, key: bytes, asked: float) -> None:
        stale = [other for other, (made, _) in list(self._known.items()) if asked - made >= REMEMBERED]
        for other in stale:
            self._known.pop(other, None)
        self._known[path] = (asked, key)


def _path(customer_id: UUID | str) -> str:
    return PREFIX + plain_id(customer_id)
