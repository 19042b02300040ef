"""Passkeys are taken off, but for the last way in."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.signin.providers.models import LinkedAccount, Provider
from tests.signin.factors.conftest import row
from tests.support.authenticator import Authenticator
from tests.support.browse import Browse, token_of
from tests.support.passkeys import acts, add, is_in, kept, sign_in, words


def test_a_removed_passkey_opens_nothing_and_other_devices_are_signed_out(app, alice, browse_as, alices_phone):
    here, elsewhere = browse_as(alice), Browse(app)
    sign_in(elsewhere, alices_phone)
    assert is_in(elsewhere)

    reply = here.submit(f"/security/passkeys/{kept(app)[0].id}/remove")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/passkeys")
    assert is_in(here)
    assert not is_in(elsewhere)
    refused = sign_in(elsewhere, alices_phone)
    assert refused.status_code == 422
    assert "may have been removed" in words(refused)
    assert acts(app)[-1] == "passkey.refused-unknown"


def test_the_last_way_in_is_not_removed(app, alice, browse_as, alices_phone):
    browse = browse_as(alice)
    without_password(app, alice)
    only = kept(app)[0]
    page = words(browse.get(f"/security/passkeys/{only.id}/remove"))

    reply = browse.submit(f"/security/passkeys/{only.id}/remove", page="/security/passkeys")

    assert reply.status_code == 422
    assert "This is your last way in" in page
    assert "This is your last way in" in words(reply)
    assert len(kept(app)) == 1


@pytest.mark.parametrize(("way", "goes"), [("passkey", True), ("linked", True), ("paused", False)])
def test_a_passkey_goes_when_another_way_in_stays(app, alice, browse_as, alices_phone, way, goes):
    browse = browse_as(alice)
    without_password(app, alice)
    first = kept(app)[0]
    with app.app_context():
        db.session.add(row(alice) if way == "passkey" else linked(alice, is_paused=way == "paused"))
        db.session.commit()

    reply = browse.submit(f"/security/passkeys/{first.id}/remove", page="/security/passkeys")

    assert (reply.status_code == 303) == goes
    assert (first.id in [one.id for one in kept(app)]) != goes


def at_once(*acts):
    """Run each act in a thread of its own, all released at one moment; what each answered."""
    barrier = Barrier(len(acts))

    def run(act):
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_tabs_that_remove_the_last_two_passkeys_at_once_leave_one(app, alice, browse_as):
    first, second = browse_as(alice), Browse(app)
    without_password(app, alice)
    for _ in range(3):
        while len(kept(app)) < 2:
            add(first, Authenticator())
        token = token_of(first.get(f"/security/passkeys/{kept(app)[0].id}/remove"))
        second.client.set_cookie("sid", first.client.get_cookie("sid").value)
        asked = zip((first, second), (f"/security/passkeys/{one.id}/remove" for one in kept(app)), strict=True)

        replies = at_once(*(partial(tab.post, address, {"csrf_token": token}) for tab, address in asked))

        assert sorted(reply.status_code for reply in replies) == [303, 422]
        assert len(kept(app)) == 1


def without_password(app, user):
    with app.app_context():
        db.session.execute(update(User).where(User.id == user.id).values(password_hash=None))
        db.session.commit()


def linked(user, *, is_paused):
    return LinkedAccount(
        user_id=user.id,
        provider=Provider.GOOGLE,
        issuer="https://accounts.google.com",
        subject="1",
        paused_at=clock.now() if is_paused else None,
    )


def test_removing_takes_a_fresh_proof_and_comes_back_to_the_question(app, alice, browse_as, alices_phone, move_clock):
    browse = browse_as(alice)
    address = f"/security/passkeys/{kept(app)[0].id}/remove"
    token = token_of(browse.get(address))
    move_clock(seconds=601)

    reply = browse.post(address, {"csrf_token": token})

    assert (reply.status_code, reply.headers["Location"]) == (303, f"/confirm-identity?next={address}")
    assert len(kept(app)) == 1


def test_somebody_elses_passkey_is_not_there(app, alice, make_customer, browse_as, alices_phone):
    bobs = browse_as(make_customer().admin)
    alices = kept(app)[0].id

    for at in (f"/security/passkeys/{alices}", f"/security/passkeys/{alices}/remove"):
        assert bobs.get(at).status_code == 404
        assert bobs.submit(at, {"name": "Mine now"}, page="/security/passkeys").status_code == 404
    assert [one.name for one in kept(app)] == ["Telephone"]
