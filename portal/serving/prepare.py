"""What a first start does before the portal opens: migrate the database, and put demo people into it."""

import re
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from portal.serving.children import Child, Family

DATABASE = "portal.sqlite3"  # the embedded default's name under instance/
REVISION = re.compile(r"""^revision\b[^=\n]*=\s*["'](\w+)["']""", re.MULTILINE)
DOWN_REVISION = re.compile(r"""^down_revision\b[^=\n]*=\s*(.+)$""", re.MULTILINE)


class NotPrepared(Exception):
    """A step failed; the text holds what it said."""


def prepare(family: Family, *, instance: Path, root: Path, demo: bool) -> None:
    """Bring the database up to date and, with `demo`, let `flask demo --if-empty` fill an empty one.

    A start that finds everything done asks SQLite one question and runs nothing.
    Raises NotPrepared, and Stopped as Family.wait does.
    """
    current = is_current(
        database_file(family.environ, instance=instance, root=root), head(root / "migrations/versions")
    )
    if not current:
        _flask(family, "db", "upgrade", instance=instance)
    if demo and not (current and (instance / "demo.txt").exists()):
        _flask(family, "demo", "--if-empty", instance=instance)


def head(versions: Path) -> str | None:
    """The newest migration's revision, read off the files; None where there is not exactly one.

    Alembic would say the same and takes a quarter of a second to import.
    """
    texts = [file.read_text(encoding="utf-8") for file in versions.glob("*.py")]
    revisions = {match for text in texts for match in REVISION.findall(text)}
    parents = {name for text in texts for line in DOWN_REVISION.findall(text) for name in re.findall(r"\w+", line)}
    heads = revisions - parents
    return heads.pop() if len(heads) == 1 else None


def database_file(environ: Mapping[str, str], *, instance: Path, root: Path) -> Path | None:
    """The SQLite file that the settings name; None for another database."""
    url = setting(environ, "DATABASE_URL")
    if not url:
        return instance / DATABASE
    if not url.startswith("sqlite:///"):
        return None
    return root / url.removeprefix("sqlite:///").partition("?")[0]


def is_current(database: Path | None, revision: str | None) -> bool:
    """Whether `database` says that it stands at `revision`; False also when it cannot be asked."""
    if database is None or revision is None or not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False  # the migration will say what is wrong with it
    return rows == [(revision,)]


def setting(environ: Mapping[str, str], name: str) -> str:
    """PORTAL_`name`, or what the file named by PORTAL_`name`_FILE holds; empty where neither is set.

    A file that cannot be read counts as set: the portal itself says what is wrong with it.
    """
    file = environ.get(f"PORTAL_{name}_FILE", "")
    if not file:
        return environ.get(f"PORTAL_{name}", "").strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError:
        return file


def _flask(family: Family, *arguments: str, instance: Path) -> None:
    # Kept quiet unless it fails; under instance/, as every file that the portal writes
    with tempfile.TemporaryFile(dir=instance) as output:
        child = family.start(" ".join(arguments), "-m", "flask", *arguments, output=output.fileno())
        family.wait(lambda: child.ended)
        family.children.remove(child)
        if child.process.returncode != 0:
            raise NotPrepared(_what_it_said(child, output))


def _what_it_said(child: Child, output: IO[bytes]) -> str:
    output.seek(0)
    said = output.read().decode("utf-8", errors="replace").strip()
    return f"{said}\n`flask {child.name}` {child.how_it_ended()}, so the portal did not start."
