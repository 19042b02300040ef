"""Consents: one switch for each purpose, what was agreed to on any day, leaving a mailing by one click."""

from flask import Blueprint

from portal.consents import models as models

bp = Blueprint("consents", __name__)
