"""What measuring shows to Smartos's own people: pages and days, and nobody (clause 4.4)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.consents import traffic
from portal.core import web
from portal.core.access import requires
from portal.core.features import Feature

bp = Blueprint("traffic", __name__, url_prefix="/staff/traffic")


@bp.get("")
@requires(Feature.SUPPORT)
def index() -> ResponseReturnValue:
    """The last thirty days, and what part of everybody it is."""
    return web.page("traffic/traffic.html", traffic=traffic.of_late())
