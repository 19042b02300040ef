"""A fresh proof and the session: the secret is another one afterwards, and devices are ended only with one."""

from tests.support.browse import Browse
from tests.support.people import PASSWORD

CONFIRM = "/confirm-identity?next=/profile/email"


def test_after_a_proof_the_session_goes_on_and_the_old_cookie_is_worth_nothing(
    app, browse_as, make_customer, move_clock
):
    browse, thief = browse_as(make_customer().admin), Browse(app)
    thief.client.set_cookie("sid", browse.client.get_cookie("sid").value)
    move_clock(seconds=660)
    assert thief.get("/overview").status_code == 200

    browse.submit(CONFIRM, {"password": PASSWORD})

    assert browse.get("/profile/email").status_code == 200
    assert thief.get("/overview").headers["Location"].startswith("/sign-in")


def test_devices_are_ended_after_a_fresh_proof_only(browse_as, make_customer, move_clock):
    alice = make_customer().admin
    browse, other = browse_as(alice), browse_as(alice)
    move_clock(seconds=660)

    refused = browse.submit("/security/sessions/end-others", page="/security/sessions")
    browse.submit(refused.headers["Location"], {"password": PASSWORD})
    ended = browse.submit("/security/sessions/end-others", page="/security/sessions")

    assert refused.headers["Location"] == "/confirm-identity?next=/security"
    assert ended.headers["Location"] == "/security/sessions"
    assert other.get("/overview").headers["Location"].startswith("/sign-in")
