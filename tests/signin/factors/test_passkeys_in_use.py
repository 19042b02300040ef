"""Passkeys in the house: proving by one, and what they go along with."""

from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.signin.factors import passkeys
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.models import SignIn
from tests.support.authenticator import PRESENT, Authenticator, b64
from tests.support.browse import Browse, token_of
from tests.support.passkeys import ADD, PROVE, acts, add, is_in, kept, options_of, prove, sign_in, words

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sessions_of(app, user):
    with app.app_context():
        return list(db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.started_at)))


# --- proving by one


def test_a_passkey_is_a_fresh_proof_and_makes_the_session_a_strong_one(app, alice, browse_as, alices_phone, move_clock):
    browse = browse_as(alice)
    move_clock(seconds=601)
    assert browse.get(ADD).status_code == 303

    reply = prove(browse, alices_phone, query=f"?next={ADD}")

    assert (reply.status_code, reply.headers["Location"]) == (303, ADD)
    assert browse.get(ADD).status_code == 200
    assert sessions_of(app, alice)[-1].is_strong


def test_proving_asks_for_ones_own_passkeys_only(app, alice, make_customer, browse_as, alices_phone):
    bobs = browse_as(make_customer().admin)
    bobs_phone = Authenticator()
    add(bobs, bobs_phone)

    asked = options_of(browse_as(alice), PROVE)

    assert [one["id"] for one in asked["allowCredentials"]] == [b64(alices_phone.kept[0].id)]


def test_nobody_proves_by_the_passkey_of_another_person(app, make_customer, browse_as, alices_phone, move_clock):
    bob = make_customer().admin
    bobs = browse_as(bob)
    move_clock(seconds=601)

    named, unnamed = prove(bobs, alices_phone), prove(bobs, alices_phone, handle=None)

    assert named.status_code == unnamed.status_code == 422
    assert bobs.get(ADD).status_code == 303
    assert not sessions_of(app, bob)[-1].is_strong
    assert acts(app)[-2:] == ["passkey.refused-unknown"] * 2


def test_who_proves_need_not_be_named_by_the_authenticator(alice, browse_as, alices_phone):
    assert prove(browse_as(alice), alices_phone, handle=None).status_code == 303


def test_proving_stays_possible_while_the_account_closes(app, alice, browse_as, alices_phone):
    browse = browse_as(alice)
    with app.app_context():
        db.session.execute(update(User).where(User.id == alice.id).values(closing_since=clock.now()))
        db.session.commit()

    assert prove(browse, alices_phone, query="?next=/exports").headers["Location"] == "/exports"
    assert sessions_of(app, alice)[-1].is_strong
    assert sign_in(Browse(app), alices_phone).status_code == 303


def test_a_counter_beyond_thirty_one_bits_is_counted_on(app, alice, browse_as, phone):
    add(browse_as(alice), phone, count=2**31 + 5)

    reply = sign_in(Browse(app), phone, count=2**31 + 6)

    assert reply.status_code == 303
    assert kept(app)[0].sign_count == 2**31 + 6


# --- and the rest of the house


def test_a_passkey_takes_the_place_of_the_second_step_since_the_device_verified_the_person(app, alice, alices_phone):
    with app.app_context():
        switch_second_step_on(alice)
    browse = Browse(app)

    assert sign_in(browse, alices_phone).headers["Location"] == "/overview"
    assert is_in(browse)


def switch_second_step_on(user):
    db.session.add(SecondStep(user_id=user.id, sealed_secret="sealed"))
    db.session.commit()


def test_wrong_passwords_do_not_hold_a_passkey_up(app, alice, alices_phone):
    browse = Browse(app)
    for _ in range(25):
        browse.submit("/sign-in", {"email": alice.email, "password": "not hers"})

    assert sign_in(Browse(app), alices_phone).status_code == 303


def test_tries_by_passkey_are_counted_by_address(app, browse, move_clock):
    move_clock(hours=1)
    token = token_of(browse.get("/sign-in"))

    codes = [browse.post("/sign-in/passkey", {"csrf_token": token, "credential": "{}"}).status_code for _ in range(101)]

    assert codes == [422] * 100 + [429]


def test_a_person_of_smartos_gets_in_by_passkey_too(app, make_operator, browse_as, phone):
    operator = make_operator()
    add(browse_as(operator), phone)

    assert sign_in(Browse(app), phone).status_code == 303
    assert sessions_of(app, operator)[-1].is_strong


def test_the_passkeys_of_who_was_erased_open_nothing(app, alice, browse_as, alices_phone):
    with app.app_context():
        for model in (SignIn, Passkey):
            db.session.execute(delete(model).where(model.user_id == alice.id))
        db.session.commit()

    assert sign_in(Browse(app), alices_phone).status_code == 422


def test_passkeys_stand_among_ones_own_data_without_their_keys(app, alice, browse_as, alices_phone):
    page = words(browse_as(alice).get("/my-data/account"))

    assert "Telephone" in page
    assert "Kept by a password manager" in page
    assert b64(alices_phone.kept[0].id) not in page


def test_a_refusal_is_said_in_the_readers_language(app, alices_phone):
    browse = Browse(app, language="vi")

    reply = sign_in(browse, alices_phone, flags=PRESENT)

    assert "vân tay" in words(reply)


def test_a_refusal_keeps_the_way_on(app, browse, alices_phone):
    reply = sign_in(browse, alices_phone, flags=PRESENT, query="?next=/profile")

    assert 'href="/sign-in?next=/profile"' in words(reply)


@pytest.mark.parametrize("page", ["/sign-in", "/security/passkeys", ADD])
def test_where_no_script_runs_the_page_does_not_offer_what_cannot_work(alice, browse_as, page):
    shown = words(browse_as(alice).get(page))

    before, _offer, after = shown.partition("data-passkey-possible hidden")
    assert after
    assert "data-passkey=" not in before
    assert page == "/sign-in" or "needs JavaScript" in shown


def test_a_password_manager_is_told_which_passkeys_still_open(alice, browse_as, alices_phone):
    page = words(browse_as(alice).get("/security/passkeys"))

    assert f'data-ids="{b64(alices_phone.kept[0].id)}"' in page
    assert f'data-user="{b64(alices_phone.kept[0].handle)}"' in page


@ON_SQLITE
@pytest.mark.parametrize(
    ("base_url", "rp_id", "origin"),
    [
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("https://Portal.Smartos.space", "portal.smartos.space", "https://portal.smartos.space"),
        ("https://portal.smartos.space:443", "portal.smartos.space", "https://portal.smartos.space"),
        ("https://portal.smartos.space:8443/sub", "portal.smartos.space", "https://portal.smartos.space:8443"),
        ("https://thuê.example", "xn--thu-hma.example", "https://xn--thu-hma.example"),
    ],
)
def test_the_site_is_what_browsers_make_of_the_base_url(app, base_url, rp_id, origin):
    with app.app_context():
        app.extensions["settings"] = SimpleNamespace(base_url=base_url)

        assert (passkeys.ceremony.site().rp_id, passkeys.ceremony.site().origin) == (rp_id, origin)
