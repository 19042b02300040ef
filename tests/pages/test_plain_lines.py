"""The doctor names each connection that would carry people's data in the clear."""

import json
from dataclasses import replace

import pytest

from portal.config import Settings
from portal.pages.plain_lines import in_the_clear
from tests.support.portals import in_production, portal

SAFE = {
    "smtp_url": "smtp://user:password@relay.example.com:587?starttls=1",
    "queue_url": "rediss://queue.example.com:6379/0",
    "database_url": "postgresql+psycopg://portal:password@db.example.com/portal?sslmode=verify-full",
    "storage_url": "s3://example-portal/files",
    "ledger_url": "s3://example-ledger/ledger",
}


def names(environ=None, **changes):
    found = in_the_clear(replace(Settings(**SAFE), **changes), environ or {})
    return [line.split()[0] for line in found]


def test_connections_that_are_encrypted_and_verified_need_no_word():
    assert names() == []
    assert names(smtp_url="smtps://relay.example.com", database_url=SAFE["database_url"][:-4] + "ca") == []
    assert names({"AWS_ENDPOINT_URL": "https://bucket.example.com"}) == []


def test_connections_that_never_leave_the_machine_need_no_word():
    assert names(smtp_url="smtp://127.0.0.1:25", queue_url="redis://localhost/0", database_url="sqlite:///x") == []
    assert names(database_url="postgresql+psycopg:///portal?host=/run/postgresql") == []
    assert names({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}) == []


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("smtp_url", "smtp://relay.example.com:587"),
        ("smtp_url", "smtp://relay.example.com:587?starttls=0"),
        ("queue_url", "redis://queue.example.com/0"),
        ("queue_url", "postgresql://portal@db.example.com/queue"),
        ("database_url", "postgresql+psycopg://portal@db.example.com/portal"),
        ("database_url", "postgresql+psycopg://portal@db.example.com/portal?sslmode=require"),
        ("database_url", "postgresql+psycopg://portal@10.0.0.5/portal?sslmode=prefer"),
        ("database_url", "postgresql+psycopg:///portal?host=db.example.com"),
    ],
)
def test_a_connection_in_the_clear_or_to_whoever_answers_is_named(setting, url):
    assert names(**{setting: url}) == [f"PORTAL_{setting.upper()}"]


def test_a_bucket_over_plain_http_is_named():
    assert names({"AWS_ENDPOINT_URL": "http://bucket.example.com"}) == ["AWS_ENDPOINT_URL"]
    assert names({"AWS_ENDPOINT_URL": "http://bucket.example.com"}, storage_url="", ledger_url="") == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_doctor_of_a_portal_in_production_says_so(environ):
    plain = {**in_production(environ), "PORTAL_SMTP_URL": "smtp://relay.example.com", "PORTAL_DPO_NAME": "Lan"}
    with portal(plain) as app:
        reply = app.test_cli_runner().invoke(args=["doctor", "--json"])

    said = [each["says"] for each in json.loads(reply.output) if each["part"] == "configuration" and not each["is_ok"]]
    assert said == ["PORTAL_SMTP_URL sends in the clear: add ?starttls=1, or use smtps://."]
