"""Small secrets that must be readable again lie sealed, each bound to its place."""

import base64

import pytest
from flask import Flask

from portal.app import create_app
from portal.core import sealing

SECRET = b"JBSWY3DPEHPK3PXP"


@pytest.fixture
def app(tmp_path):
    app = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})
    with app.app_context():
        yield app


def test_what_was_sealed_opens_for_the_same_purpose_and_place(app: Flask):
    sealed = sealing.seal("second-step", "an", SECRET)

    assert sealing.unseal("second-step", "an", sealed) == SECRET


def test_clause_7_1_a_secrets_column_shows_nothing_of_it_and_never_the_same_twice(app: Flask):
    first, second = sealing.seal("second-step", "an", SECRET), sealing.seal("second-step", "an", SECRET)

    assert first != second
    assert SECRET not in base64.urlsafe_b64decode(first)


@pytest.mark.parametrize(("purpose", "place"), [("second-step", "binh"), ("other", "an")])
def test_copied_into_another_persons_row_or_used_for_something_else_it_does_not_open(app: Flask, purpose, place):
    sealed = sealing.seal("second-step", "an", SECRET)

    with pytest.raises(sealing.DoesNotOpen):
        sealing.unseal(purpose, place, sealed)


def test_another_storage_key_opens_nothing(app: Flask, tmp_path):
    sealed = sealing.seal("second-step", "an", SECRET)
    stranger = create_app({"PORTAL_INSTANCE_PATH": str(tmp_path / "elsewhere")})

    with stranger.app_context(), pytest.raises(sealing.DoesNotOpen):
        sealing.unseal("second-step", "an", sealed)


@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_changed_byte_is_noticed(app: Flask, at):
    raw = bytearray(base64.urlsafe_b64decode(sealing.seal("second-step", "an", SECRET)))
    raw[at] ^= 1

    with pytest.raises(sealing.DoesNotOpen):
        sealing.unseal("second-step", "an", base64.urlsafe_b64encode(bytes(raw)).decode())
