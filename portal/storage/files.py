"""The customers' files: sealed with the customer's key, under the customer's prefix, whole or not there."""

from uuid import UUID

from portal.storage.keys import Keys
from portal.storage.place import Place, plain_id
from portal.storage.sealed import SealedReader, SealedWriter


class Files:
    """Sealed files in a place. `keys` makes and forgets what they are sealed with.

    A file's first writer comes after `keys.make`, which needs a lock on an active customer (DECISIONS 16);
    writing itself never makes a key.
    """

    def __init__(self, place: Place, keys: Keys) -> None:
        self.keys = keys
        self._place = place

    def writer(self, customer_id: UUID | str, path: str) -> SealedWriter:
        """Write a file of the customer; visible when closed, whole. Replaces one of the same path.

        Raises KeyForgotten, and ValueError for a path that is not the customer's.
        """
        key = self.keys.get(customer_id)
        return SealedWriter(self._place.writer(_own(customer_id, path)), key=key, path=path)

    def reader(self, customer_id: UUID | str, path: str) -> SealedReader:
        """Read a file of the customer. Raises Missing, Damaged, KeyForgotten; ValueError as writer does."""
        return SealedReader(self._place, _own(customer_id, path), key=self.keys.get(customer_id))

    def delete(self, path: str) -> None:
        """Remove one file, lastingly; a missing one is fine."""
        self._place.delete(path)
        self._place.sync(path)

    def delete_prefix(self, prefix: str) -> int:
        """Remove all files under a prefix, lastingly, with what dead writers left; how many files went."""
        removed = self._place.delete_prefix(prefix)
        self._place.sync(prefix)
        return removed


def customer_prefix(customer_id: UUID | str) -> str:
    """Where all files of a customer lie, its users' included."""
    return f"customers/{plain_id(customer_id)}/"


def user_prefix(customer_id: UUID | str, user_id: UUID | str) -> str:
    """Where the files lie that are one user's own, such as exports."""
    return f"{customer_prefix(customer_id)}users/{plain_id(user_id)}/"


def _own(customer_id: UUID | str, path: str) -> str:
    if not path.startswith(customer_prefix(customer_id)):
        raise ValueError("the path is not under this customer's prefix, so no purge would find it")
    return path
