"""`flask retention` and `flask erasure verify`: what an administrator types (docs/contract.md, Commands)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import Kind
from portal.core import clock
from portal.core.database import db
from portal.joining.models import Registration
from tests.erasure.conftest import CloseFor
from tests.support.browse import Browse


def flask(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_a_sweep_prints_what_it_did(
    app: Flask, make_customer: Callable[..., Any], close_for: CloseFor, move_clock: Callable[..., None]
) -> None:
    close_for(make_customer().admin)

    assert json.loads(flask(app, "retention", "sweep", "--json").output)["due"] == 0
    move_clock(days=30, seconds=1)
    reply = flask(app, "retention", "sweep", "--json")

    assert reply.exit_code == 0
    counts = json.loads(reply.output)
    assert (counts["due"], counts["purged"], counts["failed"]) == (1, 1, 0)


def test_a_sweep_drops_what_is_too_old(app: Flask, move_clock: Callable[..., None]) -> None:
    with app.app_context():
        row = Registration(
            secret_hash="x",
            created_at=clock.now(),
            kind=Kind.INDIVIDUAL,
            full_name="Alice",
            email="alice@example.com",
            email_key="alice@example.com",
            locale="en",
            password_hash="x",
        )
        db.session.add(row)
        db.session.commit()
    move_clock(days=4)

    reply = flask(app, "retention", "sweep", "--json")

    assert json.loads(reply.output)["aged"] == 1
    with app.app_context():
        assert db.session.query(Registration).count() == 0


def test_compact_says_that_it_is_done(app: Flask) -> None:
    reply = flask(app, "retention", "compact", "--json")

    assert (reply.exit_code, json.loads(reply.output)) == (0, {"compacted": True})


@pytest.mark.parametrize("forged", [False, True])
def test_a_receipt_is_genuine_or_it_is_not(
    app: Flask,
    make_customer: Callable[..., Any],
    close_for: CloseFor,
    move_clock: Callable[..., None],
    work: Callable[[], object],
    browse: Browse,
    tmp_path: Path,
    forged: bool,
) -> None:
    closing = close_for(make_customer().admin)
    move_clock(days=30, seconds=1)
    work()
    receipt = browse.get(f"/receipts/{closing.code}.json").get_json()
    if forged:
        receipt["entry"]["counts"]["visit"] = 0
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))

    reply = flask(app, "erasure", "verify", str(file), "--json")

    assert (reply.exit_code, json.loads(reply.output)) == (int(forged), {"genuine": not forged})


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]", b'{"entry": {}}', b"not json"])
def test_what_is_no_receipt_gets_a_clear_line(app: Flask, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(content)

    reply = flask(app, "erasure", "verify", str(file))

    assert reply.exit_code in (1, 2)
    assert "Traceback" not in reply.output
