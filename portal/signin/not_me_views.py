"""This was not me: from a security letter, back to safety."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from portal.core.access import public

bp = Blueprint("not_me", __name__)


@bp.route("/not-me/<token>", methods=["GET", "POST"])
@public
def not_me(token: str) -> ResponseReturnValue:
    abort(404)
