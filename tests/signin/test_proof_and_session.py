"""A fresh proof and the session: the secret is another one afterwards, and devices are ended only with one."""

from portal.signin import sessions
from portal.signin.models import Way
from tests.support.browse import Browse, link_in, token_of
from tests.support.people import PASSWORD
from tests.support.second_step import made_careful

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


def test_ending_all_others_cancels_the_takeover_that_one_of_them_began(app, browse_as, make_customer, mailbox, work):
    alice = make_customer().admin
    owner, thief = browse_as(alice), browse_as(alice)
    thief.submit("/profile/email", {"email": "thief@example.com"})
    work()
    link = link_in(mailbox.wait_for("thief@example.com", "profile/verify-new-email").text, "/profile/email/")

    owner.submit("/security/sessions/end-others", page="/security/sessions")

    assert thief.get(link).status_code == 404
    assert Browse(app).sign_in(alice).status_code == 303


def test_a_foreign_sites_form_leaves_the_cookie_alone(app, browse_as, make_customer):
    """A SameSite=Lax cookie does not travel with it, and what it is answered must not take the cookie's place."""
    without_cookie = Browse(app, cookies=False)

    replies = [without_cookie.post(path) for path in ("/profile", "/sign-out", "/security/sessions/end-others")]

    assert {(reply.status_code, reply.headers["Location"]) for reply in replies} == {(303, "/sign-in")}
    assert [reply.headers.get("Set-Cookie") for reply in replies] == [None] * 3


def test_whose_provider_took_back_its_word_finishes_no_sign_in_that_waits_for_a_code(app, make_customer):
    alice = made_careful(app, make_customer().admin)
    browse = Browse(app)
    browse.submit("/sign-in", {"email": alice.email, "password": PASSWORD})

    with app.app_context():
        sessions.end_by_way(alice.id, Way.GOOGLE)
        sessions.db.session.commit()

    reply = browse.get("/sign-in/second-step")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")


def test_a_proven_mailbox_gives_no_fresh_guesses_at_the_second_step(app, make_customer, mailbox, work):
    alice = made_careful(app, make_customer().admin)
    thief = Browse(app)
    thief.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    judged = 0

    for turn in range(3):
        thief.submit("/forgot-password", {"email": alice.email})
        work()
        link = link_in(mailbox.letters(alice.email)[-1].text, "/reset-password/")
        mailbox.clear()
        password = f"bốn con gà con {turn}"
        thief.submit(link, {"password": password})
        thief.submit("/sign-in", {"email": alice.email, "password": password})
        for _guess in range(4):
            page = thief.get("/sign-in/second-step")
            judged += (
                thief.post("/sign-in/second-step", {"csrf_token": token_of(page), "code": "000000"}).status_code == 422
            )

    assert judged <= 6
