"""The edges of sessions: planted cookies, two tabs, people removed, long passwords, many sign-ins begun."""

from unicodedata import normalize

import pytest
from sqlalchemy import delete, func, select

from portal.accounts.models import User
from portal.core.database import db
from portal.signin import handshakes
from portal.signin.models import Handshake, HandshakeKind, SignIn, Visit
from portal.signin.providers import newcomers
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import Provider
from tests.support.browse import Browse, token_of
from tests.support.people import PASSWORD, give_second_step


def cookie_of(browse):
    return browse.client.get_cookie("sid").value


def with_cookie(app, value):
    browse = Browse(app)
    browse.client.set_cookie("sid", value)
    return browse


# --- fixation: a cookie that somebody planted, or copied before


PLANTED = "a secret that the attacker knows"


def plant(browse):
    """The attacker's own cookie, with a secret for what is half done."""
    with browse.client.session_transaction() as cookie:
        cookie["browser"] = PLANTED
    return cookie_of(browse)


def with_second_step(app, user):
    with app.app_context():
        give_second_step(db.session.merge(user))
        db.session.commit()


def test_a_planted_cookie_is_not_half_signed_in_when_its_victim_is(app, make_customer):
    alice = make_customer().admin
    with_second_step(app, alice)
    planted = plant(Browse(app))
    victim, attacker = with_cookie(app, planted), with_cookie(app, planted)

    half = victim.submit("/sign-in", {"email": alice.email, "password": PASSWORD})

    assert half.headers["Location"] == "/sign-in/second-step"
    assert attacker.get("/sign-in/second-step").status_code == 303
    assert victim.get("/sign-in/second-step").status_code == 200
    victim.submit("/sign-in/second-step", {"code": victim.code_for(alice)})
    assert victim.get("/overview").status_code == 200
    assert attacker.get("/overview").status_code == 303


def test_a_planted_cookie_does_not_see_who_came_from_a_provider(app):
    identity = Identity(Provider.GOOGLE, "https://accounts.google.com", "1", "bich@gmail.com", True, "Trần Thị Bích")
    app.add_url_rule("/came", view_func=came(identity), methods=["POST"])
    planted = plant(Browse(app))
    victim, attacker = with_cookie(app, planted), with_cookie(app, planted)

    victim.post("/came", {"csrf_token": token_in(victim)})

    assert "Trần Thị Bích" in victim.get("/sign-up/continue").get_data(as_text=True)
    assert "Trần Thị Bích" not in attacker.get("/sign-up/continue").get_data(as_text=True)


def came(identity):
    def view():
        newcomers.remember(identity)
        db.session.commit()
        return "remembered"

    view.access = "public"
    return view


def token_in(browse):
    return token_of(browse.get("/sign-in"))


def test_what_was_half_done_before_signing_in_can_be_finished_after_it(app, make_customer):
    app.add_url_rule("/begun", view_func=begun, methods=["POST"])
    app.add_url_rule("/finished", view_func=finished)
    alice = make_customer().admin
    browse = Browse(app)
    plant(browse)
    browse.post("/begun", {"csrf_token": token_in(browse)})

    browse.sign_in(alice)

    assert browse.get("/finished").get_data(as_text=True) == "mine"
    assert with_cookie(app, plant(Browse(app))).get("/finished").get_data(as_text=True) == "nothing"


def begun():
    handshakes.begin(HandshakeKind.PROVIDER, minutes=10, key="state")
    db.session.commit()
    return "begun"


def finished():
    return "mine" if handshakes.find(HandshakeKind.PROVIDER, "state") else "nothing"


begun.access = finished.access = "public"


# --- edges


def test_forty_sign_ins_begun_leave_the_cookie_small_and_the_newest_one_to_be_finished(app, make_customer):
    people = [make_customer().admin for _ in range(40)]
    browse = Browse(app)
    for each in people:
        with_second_step(app, each)
        browse.submit("/sign-in", {"email": each.email, "password": PASSWORD})

    assert len(cookie_of(browse)) < 400
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Handshake)) <= 10
    browse.submit("/sign-in/second-step", {"code": browse.code_for(people[-1])})
    assert people[-1].full_name in browse.get("/overview").get_data(as_text=True)


def test_after_signing_out_in_one_tab_a_post_of_the_other_leads_to_sign_in(browse_as, make_customer):
    browse = browse_as(make_customer().admin)
    token = token_of(browse.get("/profile"))
    browse.submit("/sign-out", page="/overview")

    reply = browse.post("/profile", {"csrf_token": token, "full_name": "Somebody else"})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert "You were signed out in the meantime" in browse.get("/sign-in").get_data(as_text=True)


def test_a_session_ended_elsewhere_leads_to_sign_in_at_the_next_post(browse_as, make_customer):
    alice = make_customer(full_name="Alice").admin
    here, phone = browse_as(alice), browse_as(alice)
    token = token_of(phone.get("/profile"))
    here.submit("/security/sessions/end-others", page="/security/sessions")

    reply = phone.post("/profile", {"csrf_token": token, "full_name": "Somebody else"})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert "Alice" in here.get("/profile").get_data(as_text=True)


def test_signing_out_clears_what_the_browser_kept(browse_as, make_customer):
    reply = browse_as(make_customer().admin).submit("/sign-out", page="/overview")

    assert reply.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_an_old_cookie_is_worth_nothing_after_a_change_of_password(app, browse_as, make_customer):
    alice = make_customer().admin
    here, phone = browse_as(alice), browse_as(alice)
    stolen = cookie_of(phone)

    here.submit("/security/password", {"current_password": PASSWORD, "password": "chiếc ghe chở đầy cam"})

    assert with_cookie(app, stolen).get("/overview").status_code == 303
    assert here.get("/overview").status_code == 200


def test_who_is_removed_while_signed_in_is_signed_out(app, browse_as, make_customer):
    made = make_customer(staff=1)
    browse = browse_as(made.staff[0])
    with app.app_context():
        for model in (SignIn, Visit):
            db.session.execute(delete(model).where(model.user_id == made.staff[0].id))
        db.session.execute(delete(User).where(User.id == made.staff[0].id))
        db.session.commit()

    assert browse.get("/overview").headers["Location"] == "/sign-in?next=/overview"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("length", [73, 128])
def test_a_long_password_with_emoji_fits_whichever_way_a_keyboard_composes_it(app, browse_as, make_customer, length):
    alice = make_customer().admin
    long = ("Đường Trần Phú 🌾🐃👩\u200d🌾 mưa rất to, " * 5)[: length - 1] + "ế"
    composed, decomposed = normalize("NFC", long), normalize("NFD", long)
    assert (len(composed), composed != decomposed) == (length, True)

    browse_as(alice).submit("/security/password", {"current_password": PASSWORD, "password": decomposed})

    for spelling in (composed, decomposed):
        Browse(app).sign_in(alice, spelling)
    wrong = Browse(app).submit("/sign-in", {"email": alice.email, "password": composed[:-1] + "ê"})
    assert wrong.status_code == 422


def test_each_page_of_who_is_signed_in_is_stored_nowhere(app, browse_as, make_customer):
    browse = browse_as(make_customer().admin)
    pages = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]

    kept = [
        page
        for page in pages
        if "no-store" not in browse.get(page).headers.get("Cache-Control", "")
        and browse.get("/overview").status_code == 200
    ]

    assert "/profile" in pages
    assert kept == []
