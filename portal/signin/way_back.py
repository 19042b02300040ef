"""Where somebody goes on after they were asked who they are."""

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from portal.core import web

SAFE_PLACE = "/security"


def here() -> str:
    """The page that was asked for; for a button that was pressed, the page it stands on (a POST cannot be resumed)."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    if _can_be_opened(request.path):
        return request.path
    parts = urlsplit(request.referrer or "")
    came_from = web.safe_next(parts.path) if parts.netloc == request.host else None
    return came_from if came_from and _can_be_opened(came_from) else SAFE_PLACE


def _can_be_opened(path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return False
    return True
