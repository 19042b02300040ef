"""Settings: a mistake stops the start with one line that names it, and a secret is never in that line."""

import re
from pathlib import Path

import pytest

from portal.config import NAMES, Settings, SettingsError, is_loopback, load

SECRETS = {f"PORTAL_{name}": "c2VjcmV0" for name in ("SECRET_KEY", "STORAGE_KEY", "HASH_KEY", "RECEIPT_KEY")}
PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_BASE_URL": "https://portal.example.com",
    "PORTAL_SMTP_URL": "smtp://127.0.0.1:25",
    **SECRETS,
}


def read(environ) -> Settings:
    return load(environ, root=Path("/nowhere"), make_secret=lambda folder, name: f"made {name}")


def test_nothing_set_is_development_on_this_machine():
    settings = read({})

    assert (settings.env, settings.base_url, settings.retention_days) == ("development", "http://localhost:8000", 30)
    assert settings.instance_path == Path("/nowhere/instance")
    assert settings.secret_key == "made SECRET_KEY"
    assert not settings.is_https


def test_what_is_not_the_portals_is_left_alone():
    assert read({"HOME": "/x", "PORTALS": "x", "FLASK_ENV": "x"}).env == "development"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORTAL_NO_SUCH_THING", "x"),
        ("PORTAL_", "x"),
        ("PORTAL_FILE", "x"),
        ("PORTAL_ENV", "staging"),
        ("PORTAL_ENV", ""),
        ("PORTAL_BASE_URL", "localhost:8000"),
        ("PORTAL_BASE_URL", "https://portal.example.com"),
        ("PORTAL_BASE_URL", "http://localhost:8000/?a=b"),
        ("PORTAL_RETENTION_DAYS", "31"),
        ("PORTAL_RETENTION_DAYS", "0"),
        ("PORTAL_RETENTION_DAYS", "thirty"),
        ("PORTAL_CLOCK_OFFSET", "a day"),
        ("PORTAL_TIMEZONE", "Asia/Da_Nang"),
        ("PORTAL_DEFAULT_LOCALE", "fr"),
        ("PORTAL_TRUSTED_PROXIES", "-1"),
        ("PORTAL_DATABASE_URL", "mysql://x"),
        ("PORTAL_QUEUE_URL", "amqp://x"),
        ("PORTAL_STORAGE_URL", "/var/files"),
        ("PORTAL_SMTP_URL", "localhost:25"),
        ("PORTAL_SECRET_KEY_FILE", "/no/such/file"),
    ],
)
def test_a_mistake_stops_the_start_and_names_the_setting(name, text):
    with pytest.raises(SettingsError, match=name.rstrip("_")) as stopped:
        read({name: text})

    assert len(str(stopped.value).splitlines()) == 1


@pytest.mark.parametrize("missing", [*SECRETS, "PORTAL_BASE_URL", "PORTAL_SMTP_URL"])
def test_production_does_not_start_without(missing):
    environ = {name: text for name, text in PRODUCTION.items() if name != missing}

    with pytest.raises(SettingsError, match=missing):
        read(environ)
    with pytest.raises(SettingsError, match=missing):
        read(environ | {missing: ""})


def test_production_starts_with_all_of_them_and_makes_no_secret():
    settings = read(PRODUCTION)

    assert settings.is_production
    assert settings.is_https
    assert settings.secret_key == "c2VjcmV0"


@pytest.mark.parametrize(
    ("name", "text"), [("PORTAL_BASE_URL", "http://portal.example.com"), ("PORTAL_CLOCK_OFFSET", "60")]
)
def test_production_refuses_what_is_for_trying_out(name, text):
    with pytest.raises(SettingsError, match=name):
        read(PRODUCTION | {name: text})


def test_clause_8_7_a_secret_may_lie_in_a_file_and_is_never_in_a_message(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("very secret\n")

    assert (
        read(PRODUCTION | {"PORTAL_SECRET_KEY": "", "PORTAL_SECRET_KEY_FILE": str(secret)}).secret_key == "very secret"
    )
    with pytest.raises(SettingsError) as stopped:
        read({"PORTAL_SMTP_URL": "very-secret-password@host"})
    assert "very-secret" not in str(stopped.value)


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("localhost", True),
        ("portal.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_else(host, is_it):
    assert is_loopback(host) is is_it


def test_every_setting_has_a_plain_name():
    assert all(re.fullmatch("[A-Z][A-Z_]*", name) for name in NAMES)
