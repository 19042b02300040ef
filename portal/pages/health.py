"""Health for machines: /healthz says that the process lives, /readyz that database, queue and store answer."""

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, current_app, jsonify, make_response
from sqlalchemy import text

from portal.core.access import public
from portal.core.database import db
from portal.storage import opened

log = structlog.get_logger(__name__)

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> Response:
    """200 when each part answers, else 503; the JSON names each part."""
    parts = {"database": _answers(_database), "queue": _answers(_queue), "store": _answers(_store)}
    is_ready = all(parts.values())
    body = {"status": "ok" if is_ready else "not ready", **{n: "ok" if ok else "down" for n, ok in parts.items()}}
    return make_response(jsonify(body), 200 if is_ready else 503)


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:  # noqa: BLE001 – whatever a part raises means the same here: it does not answer
        log.warning("part.down", part=ask.__name__.strip("_"))
        return False
    return True


def _database() -> None:
    db.session.execute(text("select 1"))


def _queue() -> None:
    current_app.extensions["queue"].pending_count()


def _store() -> None:
    if not opened.store().is_ready():
        raise OSError("the store does not answer")
