"""A portal of its own for tests that need other settings than the `app` they are given."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from portal.app import create_app
from portal.config import SECRETS
from portal.core import clock
from portal.core.database import db


@contextmanager
def portal(environ: Mapping[str, str]) -> Iterator[Flask]:
    """The portal as `environ` sets it up, until the context ends."""
    app = create_app(environ)
    try:
        yield app
    finally:
        clock.shift(0)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def in_production(environ: Mapping[str, str]) -> dict[str, str]:
    """The same settings as they would stand in production: https, and every secret given."""
    secrets = Path(environ["PORTAL_INSTANCE_PATH"]) / "secrets"
    given = {f"PORTAL_{name}_FILE": str(secrets / name) for name in SECRETS}
    return {**environ, "PORTAL_ENV": "production", "PORTAL_BASE_URL": "https://portal.example.com", **given}
