"""The app's own file store and keys, opened at first use (obstore is not fork-safe)."""

from pathlib import Path
from typing import cast

from flask import Flask, current_app

from portal.config import Settings
from portal.storage.files import Files
from portal.storage.keys import Keys, parse_key
from portal.storage.place import Place
from portal.storage.places import open_place


def connect(app: Flask) -> None:
    """Give the app its store, the place of the ledger, and the keys with their mirror (DECISIONS 16, 17)."""
    settings: Settings = app.extensions["settings"]
    store = open_place(settings.storage_url or (settings.instance_path / "files").as_uri(), root=settings.instance_path)
    aside = open_place(settings.ledger_url or (settings.instance_path / "ledger").as_uri(), root=settings.instance_path)
    app.extensions["store"] = store
    app.extensions["ledger_place"] = aside
    before = settings.storage_key_before
    app.extensions["keys"] = Keys(
        store,
        aside,
        parse_key(settings.storage_key),
        before=parse_key(before, name="STORAGE_KEY_BEFORE") if before else None,
    )
    app.extensions["files"] = Files(store, app.extensions["keys"])


def files() -> Files:
    """The encrypting file store."""
    return cast(Files, current_app.extensions["files"])


def keys() -> Keys:
    """The customers' file keys."""
    return cast(Keys, current_app.extensions["keys"])


def store() -> Place:
    """Where files and wrapped keys lie."""
    return cast(Place, current_app.extensions["store"])


def ledger_place() -> Place:
    """Where the ledger and the keys' mirror lie, apart from the database (DECISIONS 17)."""
    return cast(Place, current_app.extensions["ledger_place"])


def instance_path() -> Path:
    """Where every file that the portal writes lies, unless a URL says otherwise."""
    settings: Settings = current_app.extensions["settings"]
    return settings.instance_path
