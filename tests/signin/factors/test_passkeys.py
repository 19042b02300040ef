"""Passkeys: whoever holds one gets in by it alone, nobody else does, and the last way in stays.

It is a real one (tests/support/authenticator.py); a browser's own walks in tests/browser/test_passkey_walk.py.
"""

import json

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.signin.models import SignIn, Way
from tests.signin.factors.conftest import row
from tests.support.authenticator import EDDSA, ES256, RS256, Authenticator, b64
from tests.support.browse import Browse, token_of
from tests.support.passkeys import ADD, SIGN_IN, acts, add, kept, options_of, send, sign_in, words


def sessions_of(app, user):
    with app.app_context():
        return list(db.session.scalars(select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.started_at)))


def test_clause_1_1_a_person_adds_a_passkey_and_from_then_on_gets_in_by_it_alone(app, alice, alices_phone):
    elsewhere = Browse(app)

    reply = sign_in(elsewhere, alices_phone, query="?next=/profile")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/profile")
    assert alice.full_name in words(elsewhere.get("/overview"))
    session = sessions_of(app, alice)[-1]
    assert (session.way, session.is_strong) == (Way.PASSKEY, True)
    assert kept(app)[0].used_at is not None


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_each_of_the_three_algorithms_opens(app, alice, browse_as, algorithm):
    phone = Authenticator(algorithm=algorithm)

    add(browse_as(alice), phone)

    assert sign_in(Browse(app), phone).status_code == 303


def test_a_letter_tells_of_a_new_passkey_and_of_a_removed_one(
    app, alice, make_customer, browse_as, phone, mailbox, work
):
    browse = browse_as(alice)
    add(browse, phone, name="Mother's telephone")
    work()
    assert "Mother's telephone" in mailbox.wait_for("alice@example.com", "signin/passkey-added").text

    browse.submit(f"/security/passkeys/{kept(app)[0].id}/remove")
    work()

    assert "Mother's telephone" in mailbox.wait_for("alice@example.com", "signin/passkey-removed").text
    assert {"passkey.added", "passkey.removed"} <= set(acts(app))


def test_what_the_authenticator_is_asked_for(alice, browse_as, phone):
    browse = browse_as(alice)
    add(browse, phone)

    asked = options_of(browse, ADD)

    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert asked["attestation"] == "none"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [ES256, EDDSA, RS256]
    assert [one["id"] for one in asked["excludeCredentials"]] == [b64(phone.kept[0].id)]
    assert len(asked["challenge"]) == 43  # 32 bytes


def test_the_name_an_authenticator_keeps_says_nothing_and_never_changes(app, alice, browse_as, make_customer):
    bob = make_customer().admin
    first, again, bobs = (options_of(browse_as(who), ADD)["user"]["id"] for who in (alice, alice, bob))

    assert first == again != bobs
    assert len(first) == 43
    assert alice.id.hex not in first


def test_signing_in_names_no_passkey_so_that_nobody_learns_who_has_one(browse, alices_phone):
    asked = options_of(browse, SIGN_IN)

    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"


def test_a_new_passkey_is_called_after_the_browser_until_its_owner_says_otherwise(app, alice, browse_as, phone):
    browse = browse_as(alice)
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
    assert 'value="Chrome 130 on Linux"' in words(browse.get(ADD, headers={"User-Agent": chrome}))
    add(browse, phone)

    reply = browse.submit(f"/security/passkeys/{kept(app)[0].id}", {"name": "  Điện thoại của mẹ "})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/passkeys")
    assert "Điện thoại của mẹ" in words(browse.get("/security/passkeys"))


@pytest.mark.parametrize("name", ["", "x" * 81, "a\x00b"])
def test_a_name_that_cannot_be_is_answered_beside_the_field(app, alice, browse_as, phone, name):
    browse = browse_as(alice)
    add(browse, phone)

    renamed = browse.submit(f"/security/passkeys/{kept(app)[0].id}", {"name": name})
    added = add(browse, Authenticator(), name=name)

    assert renamed.status_code == added.status_code == 422
    assert [one.name for one in kept(app)] == ["Telephone"]


def test_the_page_says_which_passkeys_are_kept_by_a_password_manager(app, alice, browse_as, phone):
    browse = browse_as(alice)
    add(browse, phone)
    assert "Kept by a password manager" not in words(browse.get("/security/passkeys"))

    add(browse, Authenticator(synced=True), name="In the cloud")

    assert words(browse.get("/security/passkeys")).count("Kept by a password manager") == 1


def test_a_passkey_that_moves_into_a_password_manager_is_shown_so_after_its_next_use(app, alice, alices_phone):
    alices_phone.synced = True

    sign_in(Browse(app), alices_phone)

    assert [one.is_synced for one in kept(app)] == [True]


def test_adding_takes_a_fresh_proof(app, alice, browse_as, phone, move_clock):
    browse = browse_as(alice)
    asked = options_of(browse, ADD)
    token = token_of(browse.get(ADD))
    move_clock(seconds=601)

    shown = browse.get(ADD)
    fetched = browse.post("/security/passkeys/options", headers={"X-CSRFToken": token})
    sent = browse.post(ADD, {"csrf_token": token, "credential": json.dumps(phone.make(asked)), "name": "Telephone"})

    for reply in (shown, fetched, sent):
        assert reply.status_code == 303
        assert reply.headers["Location"].startswith("/confirm-identity")
    assert kept(app) == []


def test_nobody_keeps_more_than_twenty(app, alice, browse_as):
    browse = browse_as(alice)
    asked = options_of(browse, ADD)
    with app.app_context():
        db.session.add_all(row(alice) for _ in range(20))
        db.session.commit()

    sent = send(browse, ADD, Authenticator().make(asked))
    fetched = browse.post("/security/passkeys/options", headers={"X-CSRFToken": token_of(browse.get(ADD))})

    assert sent.status_code == fetched.status_code == 422
    assert "as many passkeys as" in words(sent)
    assert "as many passkeys as" in fetched.get_json()["detail"]
    assert "as many passkeys as" in words(browse.get("/security/passkeys"))
    assert len(kept(app)) == 20


def test_a_passkey_that_is_registered_already_is_not_taken_again_nor_by_another_person(
    app, alice, make_customer, browse_as, alices_phone
):
    mine, bobs = browse_as(alice), browse_as(make_customer().admin)
    stolen = alices_phone.kept[0]

    again = add(mine, alices_phone, credential=stolen)
    by_bob = add(bobs, alices_phone, credential=stolen)

    assert again.status_code == by_bob.status_code == 422
    assert "registered already" in words(again)
    assert [one.user_id for one in kept(app)] == [alice.id]
    assert acts(app).count("passkey.refused-taken") == 2
