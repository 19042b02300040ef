"""`flask doctor`: each part ok, or what to do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from portal.core import clock
from portal.core.database import db
from portal.erasure import service
from portal.erasure.models import Scope
from portal.mailer.models import Letter
from portal.pages import doctor
from portal.storage import opened
from tests.support.smtp import Mailbox


@pytest.fixture(autouse=True)
def migrated(app: Flask) -> None:
    """The tests' tables are made from the models; the doctor wants to see that the migrations are in step."""
    with app.app_context():
        script = ScriptDirectory(f"{app.root_path}/migrations")
        MigrationContext.configure(db.session.connection()).stamp(script, "head")
        db.session.commit()


def wrong(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {each.part: each.says for each in doctor.examine() if not each.is_ok}


def test_a_healthy_portal_is_ok_in_every_part(app: Flask, mailbox: Mailbox) -> None:
    reply = app.test_cli_runner().invoke(args=["doctor", "--json"])

    findings = json.loads(reply.output)
    assert [each["part"] for each in findings if not each["is_ok"]] == []
    assert reply.exit_code == 0
    parts = [
        "configuration",
        "database",
        "queue",
        "throttle",
        "store",
        "keys",
        "ledger",
        "mail",
        "purges",
        "work",
        "audit",
    ]
    assert [each["part"] for each in findings] == parts


def test_a_mail_server_that_is_down_is_named(app: Flask, mailbox: Mailbox) -> None:
    mailbox.down()
    found = wrong(app)
    mailbox.up()

    assert list(found) == ["mail"]
    assert "PORTAL_SMTP_URL" in found["mail"]


def test_a_purge_that_is_more_than_an_hour_late_fails(
    app: Flask, make_customer: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    alice = make_customer().admin
    with app.app_context():
        service.close(db.session.merge(alice), Scope.ME, "")
        db.session.commit()

    move_clock(days=30, seconds=3500)
    assert "purges" not in wrong(app)
    move_clock(days=30, seconds=3700)

    assert "retention sweep" in wrong(app)["purges"]


def test_work_that_was_given_up_is_shown(app: Flask, make_customer: Callable[..., Any]) -> None:
    alice = make_customer().admin
    with app.app_context():
        letter = Letter(name="x/y", user_id=alice.id, locale="vi", created_at=clock.now(), dead_at=clock.now())
        db.session.add(letter)
        db.session.commit()

    assert "1 × letter" in wrong(app)["work"]


def test_keys_that_a_place_has_lost_are_counted(app: Flask, make_customer: Callable[..., Any]) -> None:
    made = make_customer()
    with app.app_context():
        opened.keys().make(made.id)
        opened.ledger_place().delete(f"keys/{made.id}")

    assert "1 in the store, 0 in the mirror" in wrong(app)["keys"]


def test_a_changed_audit_entry_is_found(app: Flask, make_customer: Callable[..., Any]) -> None:
    alice = make_customer().admin
    with app.app_context():
        service.close(db.session.merge(alice), Scope.ME, "")
        db.session.commit()
        db.session.execute(text("update audit_entry set act = 'something else' where seq = 1"))
        db.session.commit()

    assert "Entry 1" in wrong(app)["audit"]
