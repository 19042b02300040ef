"""Signing in and forgotten passwords: whether the time that an answer takes tells who is a customer.

Known and unknown addresses are asked for in turns, in one process, so that a busy machine slows down both alike. The
figure is how well the time of one answer tells the two apart: the share of pairs in which the known one took longer
(the area under the ROC curve), as a distance from one half, which is guessing. Two medians side by side are told too.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import count, product
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from benchmarks import Figure
from portal.accounts.models import Kind, Role
from portal.accounts.service import make_customer, make_user
from portal.app import create_app
from portal.core import clock
from portal.core.database import db
from portal.signin import passwords
from tests.support.browse import token_of

ROUNDS = 120
KNOWN = "bao@example.com"
TOLD_APART = 0.15  # of 0.5: an attacker who looks at one answer is right in at most 65 of 100 cases
MEDIANS = 1.1
numbers = count()


def run() -> Iterator[Figure]:
    """Wrong passwords, then forgotten ones, for a known and for an unknown address."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        app = create_app({"PORTAL_INSTANCE_PATH": folder})
        _fill(app)
        for what, path, fields in (
            ("wrong password", "/sign-in", {"password": "not the right one"}),
            ("forgotten password", "/forgot-password", {}),
        ):
            known, unknown = _times(app, path, fields)
            yield Figure(
                f"{what}: known told from unknown by one answer's time", _told_apart(known, unknown), TOLD_APART
            )
            medians = sorted((statistics.median(known), statistics.median(unknown)))
            yield Figure(f"{what}: the slower median against the quicker", medians[1] / medians[0], MEDIANS, "×")
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _fill(app: Flask) -> None:
    with app.app_context():
        db.create_all()
        customer = make_customer(Kind.INDIVIDUAL)
        known = {"full_name": "Trần Văn Bảo", "email": KNOWN, "role": Role.ADMIN, "locale": "vi"}
        make_user(customer, **known, password_hash=passwords.hashed("con mèo đi dạo"))
        db.session.commit()


def _times(app: Flask, path: str, fields: dict[str, str]) -> tuple[list[float], list[float]]:
    client = app.test_client()
    token = token_of(client.get(path))
    known, unknown = [], []
    for number in range(ROUNDS + 5):
        clock.shift(next(numbers) * 3600)  # no wait stands in the way
        for email, times in ((KNOWN, known), (f"nobody{number}@example.com", unknown)):
            seconds = _seconds(client, path, {**fields, "csrf_token": token, "email": email})
            if number >= 5:  # the first answers fill caches
                times.append(seconds)
    clock.shift(0)
    return known, unknown


def _seconds(client: FlaskClient, path: str, fields: dict[str, Any]) -> float:
    started = time.perf_counter()
    reply = client.post(path, data=fields)
    seconds = time.perf_counter() - started
    assert reply.status_code in (303, 422), reply.status_code
    return seconds


def _told_apart(known: list[float], unknown: list[float]) -> float:
    longer = sum((a > b) + (a == b) / 2 for a, b in product(known, unknown))
    return abs(longer / (len(known) * len(unknown)) - 0.5)
