"""Passkeys: signing in by one, adding, naming, removing."""

from flask import Blueprint

bp = Blueprint("passkeys", __name__)
