"""Going to Google or Facebook and coming back; linking and unlinking."""

from flask import Blueprint

from portal.signin.providers import models  # noqa: F401

bp = Blueprint("providers", __name__)
