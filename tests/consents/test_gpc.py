"""Global Privacy Control: the browser's own refusal, honoured, shown, and never counted as a consent."""

import pytest
from sqlalchemy import func, select

from portal.consents import choices
from portal.consents.models import ConsentEntry
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from tests.support.browse import BANNER, token_of

GPC = {"Sec-GPC": "1"}
BOTH = {"measurement": "y", "preferences": "y"}
ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
YES = {"Cookie": "choices=measurement-yes.preferences-yes"}


@ONLY_SQLITE
@pytest.mark.parametrize("purpose", [ConsentPurpose.MEASUREMENT, ConsentPurpose.PERSONALISATION])
@pytest.mark.parametrize(
    ("sent", "allowed"), [(None, True), ("1", False), ("0", True), ("", True), ("true", True), ("1, 1", True)]
)
def test_clause_5_2_only_the_value_one_refuses_whatever_was_chosen(app, purpose, sent, allowed):
    headers = YES | ({} if sent is None else {"Sec-GPC": sent})

    with app.test_request_context("/", headers=headers):
        assert choices.may(purpose) is allowed


@ONLY_SQLITE
def test_clause_5_2_the_page_shows_that_the_browser_asked_and_how_to_choose_otherwise(browse):
    page = browse.get("/cookies", headers=GPC | YES).get_data(as_text=True)

    assert page.count("Your browser asked us not to</span>") == 2
    assert page.count(" disabled") == 2
    assert " checked" not in page
    assert "switch the signal off" in page
    assert "Save my choice" not in page


@ONLY_SQLITE
def test_nobody_is_asked_where_the_browser_has_answered(browse):
    asked = browse.get("/")
    answered = browse.get("/", headers=GPC)

    assert BANNER.search(asked.get_data(as_text=True))
    assert not BANNER.search(answered.get_data(as_text=True))
    assert "Sec-GPC" in answered.headers["Vary"]


def test_the_signal_writes_nothing_into_the_ledger_and_no_form_gets_past_it(app, browse_as, make_customer):
    alice = browse_as(make_customer().admin)
    token = token_of(alice.get("/cookies"))

    alice.get("/overview", headers=GPC)
    reply = alice.post("/cookies", {"csrf_token": token, **BOTH}, headers=GPC)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/cookies")
    assert "Set-Cookie" not in reply.headers
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ConsentEntry)) == 0


@ONLY_SQLITE
def test_a_lasting_language_ends_with_the_browser_once_the_signal_is_there(browse):
    browse.submit("/cookies", {"preferences": "y"})
    browse.client.set_cookie("locale", "vi")

    (cookie,) = browse.get("/", headers=GPC).headers.getlist("Set-Cookie")

    assert cookie.startswith("locale=vi;")
    assert "Max-Age" not in cookie


@ONLY_SQLITE
def test_the_portal_says_that_it_honours_the_signal(browse):
    reply = browse.get("/.well-known/gpc.json")

    assert (reply.status_code, reply.mimetype) == (200, "application/json")
    assert reply.get_json() == {"gpc": True, "lastUpdate": "2026-11-23"}
