"""A folder on this machine as a place: private from birth, whole or absent, safe against `kill -9`.

Not obstore's local store, and docs/decisions/files-on-disk.md says why. Each object is first written under a
random name in `.staging/`, fsynced, and renamed. Whoever writes holds a lock on the staged file; the kernel
drops it when the process dies, however it dies, and the next sweep removes what nobody holds.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.storage.place import Missing, Taken, checked, checked_prefix, is_segment

STAGING = ".staging"
PIECE = 256 * 1024  # bytes per read
OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700  # a umask only ever takes bits away, so these hold whatever it is


class Disk:
    """Objects as files of mode 0600 in folders of mode 0700 under `root`, made at the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staging = root / STAGING
        self._is_swept = False

    @property
    def local_path(self) -> Path:
        return self._root

    def put(self, path: str, data: bytes, *, create: bool = False) -> None:
        staged = self._stage(path, create=create)
        try:
            staged.write(data)
            staged.close()
        except BaseException:
            staged.abort()
            raise

    def writer(self, path: str) -> "Staged":
        return self._stage(path, create=False)

    def get(self, path: str) -> bytes:
        try:
            return self._file(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(path) from None

    def read(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        try:
            file = self._file(path).open("rb", buffering=0)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(path) from None
        with file:
            file.seek(start)
            while start < stop and (piece := file.read(min(PIECE, stop - start))):
                start += len(piece)
                yield piece

    def size(self, path: str) -> int:
        try:
            return self._file(path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(path) from None

    def exists(self, path: str) -> bool:
        return self._file(path).is_file()

    def delete(self, path: str) -> None:
        file = self._file(path)
        if not self._root.is_dir():
            return
        with self.alone():
            file.unlink(missing_ok=True)
            self._prune(file.parent)

    def list(self, prefix: str) -> Iterator[str]:
        top = self._root / checked_prefix(prefix) if prefix else self._root
        for folder, folders, files in os.walk(top, onerror=_unless_gone):
            if Path(folder) == self._root:
                folders[:] = [name for name in folders if is_segment(name)]  # neither .staging nor lost+found
            inside = Path(folder).relative_to(self._root)
            yield from (str(inside / name) for name in files)

    def delete_prefix(self, prefix: str) -> int:
        top = self._root / checked_prefix(prefix)
        removed = 0
        for path in list(self.list(prefix)):
            with suppress(FileNotFoundError):  # somebody else removes the same prefix: their count, not ours
                (self._root / path).unlink()
                removed += 1
        if self._root.is_dir():
            with self.alone():
                self._sweep()  # half-written files of dead writers may lie under this prefix's names
                self._prune_below(top)
        return removed

    def sync(self, path: str) -> None:
        file = self._file(path.rstrip("/"))
        with suppress(FileNotFoundError):  # then its absence is what shall last
            _fsync(file)
        folder = file.parent
        while not _fsynced(folder):
            folder = folder.parent

    def is_versioned(self) -> bool:
        return False

    def is_ready(self) -> bool:
        try:
            staged = self._stage("ready", create=False)
            staged.write(b"?")
            staged.abort()
        except OSError:
            return False
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else, thread or process, publishes, removes folders or sweeps meanwhile."""
        make_folders(self._staging)
        lock = os.open(self._staging / ".lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def publish(self, staged: Path, path: str, *, create: bool) -> None:
        """Give a staged file its name. Not link() and unlink(): killed between them, a key has two names."""
        file = self._file(path)
        with self.alone():
            if create and file.exists():
                raise Taken(path)
            make_folders(file.parent)
            staged.rename(file)

    def _stage(self, path: str, *, create: bool) -> "Staged":
        checked(path)
        with self.alone():
            if not self._is_swept:
                self._sweep()
                self._is_swept = True
            name = self._staging / secrets.token_hex(16)
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # under the place's lock: no sweep sees it unheld
        return Staged(self, descriptor, name, path=path, create=create)

    def _sweep(self) -> None:
        for name in self._staging.iterdir():
            if name.name == ".lock":
                continue
            with suppress(FileNotFoundError, BlockingIOError):  # renamed just now, or its writer lives
                _remove_unheld(name)

    def _file(self, path: str) -> Path:
        return self._root / checked(path)

    def _prune(self, folder: Path) -> None:
        """Remove `folder` and its parents as long as they are empty: a folder's name is an id too."""
        while folder != self._root and _removed(folder):
            folder = folder.parent

    def _prune_below(self, top: Path) -> None:
        for folder, _, _ in os.walk(top, topdown=False, onerror=_unless_gone):
            _removed(Path(folder))
        self._prune(top.parent)


class Staged:
    """A file on its way into a Disk. Dropped without `close` it is never seen, and swept later."""

    def __init__(self, disk: Disk, descriptor: int, name: Path, *, path: str, create: bool) -> None:
        self._disk = disk
        self._file = os.fdopen(descriptor, "wb", buffering=0)  # a buffer would be flushed by forked children too
        self._name = name
        self._path = path
        self._create = create

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Publish. fsynced before it has its name, or a power cut could leave an empty file under it."""
        os.fsync(self._file.fileno())
        self._disk.publish(self._name, self._path, create=self._create)
        self._file.close()

    def abort(self) -> None:
        self._name.unlink(missing_ok=True)
        self._file.close()


def make_folders(folder: Path) -> None:
    """`folder` and what is missing above it, mode 0700, each name made to last in its parent."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(OWNER_ONLY_FOLDER)
        _fsync(folder.parent)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # not empty: somebody's object is in it
    return True


def _remove_unheld(name: Path) -> None:
    descriptor = os.open(name, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        name.unlink()
    finally:
        os.close(descriptor)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsynced(folder: Path) -> bool:
    try:
        _fsync(folder)
    except FileNotFoundError:
        return False
    return True


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
