"""`flask keys rotate`: a storage key is replaced, and nobody loses a file or a second step."""

import json
import secrets

import pytest

from portal.core import sealing
from portal.core.database import db
from portal.signin.factors.models import SecondStep
from portal.storage import opened
from portal.storage.keys import WrongStorageKey
from tests.support.portals import portal

TEXT = b"a contract, scanned"


@pytest.fixture
def kept(app, make_customer):
    """Alice has a file and a second step, under the storage key of today."""
    alice = make_customer()
    path = f"customers/{alice.id}/contract"
    with app.app_context():
        opened.keys().make(alice.id)
        with opened.files().writer(alice.id, path) as file:
            file.write(TEXT)
        sealed = sealing.seal("second-step", str(alice.admin.id), b"JBSWY3DPEHPK3PXP")
        db.session.add(SecondStep(user_id=alice.admin.id, sealed_secret=sealed))
        db.session.commit()
    return alice, path


def test_after_the_change_the_new_key_alone_opens_everything(app, environ, kept):
    alice, path = kept
    old, new = app.extensions["settings"].storage_key, secrets.token_urlsafe(32)
    both = {"PORTAL_STORAGE_KEY": new, "PORTAL_STORAGE_KEY_BEFORE": old}

    with portal(environ | both) as changing:
        assert read(changing, alice, path) == (TEXT, b"JBSWY3DPEHPK3PXP")
        first = changing.test_cli_runner().invoke(args=["keys", "rotate", "--json"])
        again = changing.test_cli_runner().invoke(args=["keys", "rotate", "--json"])

    assert json.loads(first.stdout) == {"customers": 1, "second_steps": 1, "second_steps_unopened": 0}
    assert json.loads(again.stdout)["customers"] == 0
    with portal(environ | {"PORTAL_STORAGE_KEY": new}) as changed:
        assert read(changed, alice, path) == (TEXT, b"JBSWY3DPEHPK3PXP")
        with changed.app_context():
            store, mirror = opened.store(), opened.ledger_place()
            assert store.get(f"keys/{alice.id}") == mirror.get(f"keys/{alice.id}")
    with portal(environ | {"PORTAL_STORAGE_KEY": old}) as stale, pytest.raises(WrongStorageKey):
        read(stale, alice, path)


def test_with_a_key_that_opens_nothing_nothing_is_changed(app, environ, kept):
    alice, path = kept
    strangers = {
        "PORTAL_STORAGE_KEY": secrets.token_urlsafe(32),
        "PORTAL_STORAGE_KEY_BEFORE": secrets.token_urlsafe(32),
    }

    with portal(environ | strangers) as wrong:
        result = wrong.test_cli_runner().invoke(args=["keys", "rotate"])

    assert result.exit_code == 1
    assert "neither of the two keys" in result.stderr
    assert read(app, alice, path) == (TEXT, b"JBSWY3DPEHPK3PXP")


def test_a_second_step_sealed_under_a_key_that_is_lost_holds_up_nobody_elses(app, environ, kept, make_customer):
    alice, path = kept
    bob = make_customer().admin
    with app.app_context():
        lost = sealing.seal("second-step", "somewhere else", b"JBSWY3DPEHPK3PXP")
        db.session.add(SecondStep(user_id=bob.id, sealed_secret=lost))
        db.session.commit()
    old, new = app.extensions["settings"].storage_key, secrets.token_urlsafe(32)

    with portal(environ | {"PORTAL_STORAGE_KEY": new, "PORTAL_STORAGE_KEY_BEFORE": old}) as changing:
        result = changing.test_cli_runner().invoke(args=["keys", "rotate", "--json"])

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"customers": 1, "second_steps": 1, "second_steps_unopened": 1}
    assert "neither key opens, left as they are: 1" in result.stderr
    with portal(environ | {"PORTAL_STORAGE_KEY": new}) as changed:
        assert read(changed, alice, path) == (TEXT, b"JBSWY3DPEHPK3PXP")
        with changed.app_context():
            assert db.session.scalar(db.select(SecondStep.sealed_secret).filter_by(user_id=bob.id)) == lost


def test_a_change_that_was_cut_off_between_the_two_places_is_finished_by_the_next(app, environ, kept):
    alice, _path = kept
    old, new = app.extensions["settings"].storage_key, secrets.token_urlsafe(32)
    both = {"PORTAL_STORAGE_KEY": new, "PORTAL_STORAGE_KEY_BEFORE": old}
    with portal(environ | both) as changing, changing.app_context():
        mirrored = opened.ledger_place().get(f"keys/{alice.id}")
        changing.test_cli_runner().invoke(args=["keys", "rotate"])
        opened.ledger_place().put(f"keys/{alice.id}", mirrored)

        result = changing.test_cli_runner().invoke(args=["keys", "rotate", "--json"])

        assert json.loads(result.stdout)["customers"] == 1
        assert opened.ledger_place().get(f"keys/{alice.id}") == opened.store().get(f"keys/{alice.id}")


def test_who_has_no_key_gets_none(app, environ, make_customer):
    make_customer()

    result = app.test_cli_runner().invoke(args=["keys", "rotate", "--json"])

    assert json.loads(result.stdout) == {"customers": 0, "second_steps": 0, "second_steps_unopened": 0}
    with app.app_context():
        assert opened.keys().count() == (0, 0)


def read(app, alice, path):
    with app.app_context():
        file = b"".join(opened.files().reader(alice.id, path).stream())
        step = db.session.scalar(db.select(SecondStep).filter_by(user_id=alice.admin.id))
        return file, sealing.unseal("second-step", str(alice.admin.id), step.sealed_secret)
