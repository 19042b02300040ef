"""The second step: its code at sign-in, switching it on and off, recovery codes."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from portal.core.access import public
from portal.signin.factors import models  # noqa: F401

bp = Blueprint("second_step", __name__)


@bp.route("/sign-in/second-step", methods=["GET", "POST"])
@public
def ask() -> ResponseReturnValue:
    abort(404)
