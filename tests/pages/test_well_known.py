"""Well-known addresses, as password managers and people who found a weakness look for them."""

from datetime import timedelta

import pytest

from portal.core import clock
from portal.pages.well_known import SECURITY_TXT_EXPIRES

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # no database is asked
BASE = "http://localhost:8000"


def fields(text: str) -> dict[str, list[str]]:
    """The fields of a security.txt with all their values (RFC 9116, 2.3)."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _colon, value = line.partition(": ")
        found.setdefault(name, []).append(value)
    return found


@on_sqlite
def test_a_password_manager_finds_where_the_password_is_changed(make_customer, browse_as):
    reply = browse_as(make_customer().admin).get("/.well-known/change-password")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/password")


@on_sqlite
def test_signed_out_it_leads_on_to_signing_in_and_back(browse):
    first = browse.get("/.well-known/change-password")
    second = browse.get(first.headers["Location"])

    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["Location"] == "/sign-in?next=/security/password"


@on_sqlite
def test_an_address_that_should_not_exist_does_not(browse):
    for name in ("resource-that-should-not-exist-whose-status-code-should-not-be-200", "", "x", "security.txt/"):
        assert browse.get(f"/.well-known/{name}").status_code == 404


@on_sqlite
def test_a_password_manager_finds_where_passkeys_live(browse):
    reply = browse.get("/.well-known/passkey-endpoints")

    assert reply.content_type == "application/json"
    assert reply.json == {"enroll": f"{BASE}/security/passkeys", "manage": f"{BASE}/security/passkeys"}


@on_sqlite
def test_whoever_found_a_weakness_learns_whom_to_tell(browse):
    reply = browse.get("/.well-known/security.txt")

    assert reply.content_type == "text/plain; charset=utf-8"
    assert fields(reply.get_data(as_text=True)) == {
        "Contact": ["mailto:support@smartos.space", f"{BASE}/contact"],
        "Expires": [SECURITY_TXT_EXPIRES.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "Preferred-Languages": ["vi, en"],
        "Canonical": [f"{BASE}/.well-known/security.txt"],
    }
    assert browse.get("/contact").status_code == 200


def test_the_security_txt_is_valid_for_another_month_at_least_and_a_year_at_most():
    """When this fails, look at what the file says, and write a day of next year into portal/pages/well_known.py."""
    left = SECURITY_TXT_EXPIRES - clock.now()

    assert timedelta(days=30) < left < timedelta(days=365)


@on_sqlite
def test_nothing_there_sets_a_cookie(browse):
    for name in ("change-password", "passkey-endpoints", "security.txt"):
        assert "Set-Cookie" not in browse.get(f"/.well-known/{name}").headers
