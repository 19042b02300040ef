"""Leaving for Google or Facebook and coming back: once, in the browser that left, in time, and only what was asked."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from portal import logs
from portal.core.database import db
from portal.signin.models import Handshake, SignIn, Visit, Way
from portal.signin.providers.models import Newcomer
from tests.signin.providers.conftest import BOTH, ON_SQLITE, count_of, query_of, said
from tests.support.browse import Browse
from tests.support.providers import acts, come_back, come_from, go_to, is_signed_in, link


@BOTH
def test_who_linked_an_account_gets_in_by_it(app, browse, make_customer, service, provider):
    an = make_customer().admin
    link(app, an, service)

    reply = come_from(browse, service, name="An")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert is_signed_in(browse)
    with app.app_context():
        assert db.session.scalar(select(Visit.way)) == Way(provider)
    assert count_of(app, Handshake) == 0


@BOTH
def test_who_is_new_goes_on_to_sign_up(app, browse, service, provider):
    reply = come_from(browse, service, name="Hà", email="ha@example.com")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up/continue")
    assert not is_signed_in(browse)
    assert count_of(app, Newcomer) == 1


@BOTH
def test_they_land_where_they_wanted_to_go(app, browse, make_customer, service, provider):
    link(app, make_customer().admin, service)

    reply = come_from(browse, service, start=f"/sign-in/{provider}?next=/exports")

    assert reply.headers["Location"] == "/exports"


@BOTH
@pytest.mark.parametrize("next_", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com"])
@ON_SQLITE
def test_nobody_is_sent_to_another_site(app, browse, make_customer, service, provider, next_):
    link(app, make_customer().admin, service)

    reply = come_from(browse, service, start=f"/sign-in/{provider}?next={quote(next_)}")

    assert reply.headers["Location"] == "/overview"


@BOTH
def test_the_cookie_stays_small_however_often_somebody_starts(app, browse, service, provider):
    sizes = set()
    for _start in range(40):
        go_to(browse, provider)
        sizes.add(len(browse.client.get_cookie("sid").value))

    assert len(sizes) == 1
    assert max(sizes) < 200
    assert count_of(app, Handshake) == 10


@BOTH
def test_two_tabs_do_not_disturb_each_other(app, browse, make_customer, service, provider):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    first, second = go_to(browse, provider), go_to(browse, provider)

    replies = [come_back(browse, service.choose(location, "1001")) for location in (second, first)]

    assert [reply.headers["Location"] for reply in replies] == ["/overview", "/overview"]


@BOTH
def test_an_answer_counts_once(app, browse, make_customer, service, provider):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001")
    come_back(browse, back)

    again = come_back(browse, back)

    assert again.status_code == 400
    assert "This sign-in is over" in said(again)
    assert acts(app)[-1] == "signin.provider-refused"
    assert count_of(app, SignIn) == 1


@BOTH
def test_an_answer_counts_in_the_browser_that_left_alone(app, browse, make_customer, service, provider):
    link(app, make_customer().admin, service)
    service.knows("1001", name="Mallory")
    back = service.choose(go_to(browse, provider), "1001")
    victim = Browse(app)
    go_to(victim, provider)

    reply = come_back(victim, back)

    assert reply.status_code == 400
    assert not is_signed_in(victim)
    assert acts(app)[-1] == "signin.provider-refused"


@BOTH
def test_an_answer_is_too_late_after_ten_minutes(app, browse, make_customer, service, provider, move_clock):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001")
    move_clock(seconds=601)

    reply = come_back(browse, back)

    assert reply.status_code == 400
    assert not is_signed_in(browse)


@BOTH
def test_an_answer_counts_for_the_provider_that_was_asked_alone(
    app, browse, make_customer, service, provider, google, facebook
):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001")
    other = {"google": "facebook", "facebook": "google"}[provider]

    reply = come_back(browse, back.replace(f"/sign-in/{provider}/", f"/sign-in/{other}/"))

    assert reply.status_code == 400
    assert google.got("token") + facebook.got("token") == []
    assert not is_signed_in(browse)


@BOTH
def test_without_our_cookie_the_page_says_what_is_missing(app, browse, service, provider):
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001")

    reply = come_back(Browse(app), back)

    assert reply.status_code == 400
    assert "without our cookie" in said(reply)
    assert acts(app) == ["signin.provider-refused"]


@BOTH
def test_who_cancels_is_back_where_they_began(app, browse, service, provider):
    reply = come_from(browse, service, start=f"/sign-in/{provider}?next=/exports", cancel=True)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in?next=/exports")
    assert "without agreeing" in said(browse.get("/sign-in"))
    assert acts(app) == ["signin.provider-cancelled"]
    assert count_of(app, Handshake) == 0


@BOTH
@ON_SQLITE
def test_nothing_that_opens_anything_is_kept_or_logged(app, browse, make_customer, service, provider, capfd):
    logs.connect(app.extensions["settings"])  # to where this test listens
    link(app, make_customer().admin, service)
    service.knows("1001", name="Hà Bí Mật", email="ha.bimat@example.com")
    location = go_to(browse, provider)
    back = service.choose(location, "1001")
    come_back(browse, back)
    come_back(browse, back)

    heard = "".join(capfd.readouterr())
    written = b"".join(file.read_bytes() for file in app.extensions["settings"].instance_path.glob("portal.sqlite3*"))
    asked, returned = query_of(location), query_of(back)
    secrets = [asked["state"], returned["code"]]
    secrets += [value.removeprefix("Bearer ") for a in service.asked if (value := a.headers.get("Authorization"))]
    assert "provider-refused" in heard
    assert [secret for secret in [*secrets, "Bí Mật", "bimat"] if secret in heard] == []
    assert [secret for secret in secrets if secret.encode() in written] == []
