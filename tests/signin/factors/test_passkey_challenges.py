"""A challenge works once, for five minutes, in one browser, for one purpose and one person."""

import pytest
from sqlalchemy import func, select

from portal.core.database import db
from portal.signin.models import Handshake, HandshakeKind
from tests.support.authenticator import (
    PRESENT,
    Authenticator,
    b64,
)
from tests.support.browse import Browse
from tests.support.passkeys import ADD, PROVE, SIGN_IN, acts, is_in, kept, options_of, send, sign_in, words


def test_an_answer_works_once(app, alice, alices_phone):
    browse = Browse(app)
    sent = alices_phone.answer(options_of(browse, SIGN_IN))
    assert send(browse, SIGN_IN, sent).status_code == 303

    replayed, elsewhere = send(browse, SIGN_IN, sent), send(Browse(app), SIGN_IN, sent)

    assert replayed.status_code == elsewhere.status_code == 422
    assert "longer than five minutes, or it was sent twice" in words(replayed)
    assert acts(app)[-2:] == ["passkey.refused-late"] * 2


def test_a_wrong_answer_uses_the_challenge_up(app, browse, alices_phone):
    asked = options_of(browse, SIGN_IN)
    send(browse, SIGN_IN, alices_phone.answer(asked, flags=PRESENT))

    reply = send(browse, SIGN_IN, alices_phone.answer(asked))

    assert reply.status_code == 422
    assert acts(app)[-1] == "passkey.refused-late"


def test_a_challenge_lasts_five_minutes(app, alices_phone, move_clock):
    browse = Browse(app)
    asked = options_of(browse, SIGN_IN)
    move_clock(seconds=301)

    assert send(browse, SIGN_IN, alices_phone.answer(asked)).status_code == 422
    assert acts(app)[-1] == "passkey.refused-late"


def test_a_challenge_belongs_to_the_browser_that_asked(app, alices_phone):
    asked = options_of(Browse(app), SIGN_IN)
    elsewhere = Browse(app)
    options_of(elsewhere, SIGN_IN)

    assert send(elsewhere, SIGN_IN, alices_phone.answer(asked)).status_code == 422
    assert not is_in(elsewhere)


def test_a_challenge_that_the_authenticator_thought_up_is_none(app, browse, alices_phone):
    reply = sign_in(browse, alices_phone, challenge=b64(b"\x00" * 32))

    assert reply.status_code == 422
    assert acts(app)[-1] == "passkey.refused-late"


@pytest.mark.parametrize(("asked_for", "sent_to"), [(SIGN_IN, PROVE), (PROVE, SIGN_IN), (SIGN_IN, ADD), (PROVE, ADD)])
def test_a_challenge_serves_one_purpose(app, alice, browse_as, alices_phone, asked_for, sent_to):
    browse = browse_as(alice)
    asked = options_of(browse, asked_for)
    asked["user"] = {"id": b64(alices_phone.kept[0].handle)}
    sent = Authenticator().make(asked) if sent_to == ADD else alices_phone.answer(asked)

    assert send(browse, sent_to, sent).status_code == 422
    assert acts(app)[-1] == "passkey.refused-late"
    assert len(kept(app)) == 1


@pytest.mark.parametrize("kind", [PROVE, ADD])
def test_a_challenge_of_one_person_is_useless_for_the_next_in_the_same_browser(
    app, alice, make_customer, browse_as, alices_phone, kind
):
    browse, bob = browse_as(alice), make_customer().admin
    asked = options_of(browse, kind)
    browse.sign_in(bob)
    sent = Authenticator().make(asked) if kind == ADD else alices_phone.answer(asked)

    assert send(browse, kind, sent).status_code == 422
    assert acts(app)[-1] == "passkey.refused-late"
    assert kept(app, bob) == []


def test_two_tabs_of_one_browser_do_not_take_each_others_challenge_away(app, alices_phone):
    browse = Browse(app)
    first, _second = options_of(browse, SIGN_IN), options_of(browse, SIGN_IN)

    assert send(browse, SIGN_IN, alices_phone.answer(first)).status_code == 303


def test_forty_challenges_in_one_browser_leave_ten_rows_and_a_small_cookie(app, browse, alice):
    for _ in range(40):
        options_of(browse, SIGN_IN)

    with app.app_context():
        waiting = db.session.scalar(select(func.count()).where(Handshake.kind == HandshakeKind.PASSKEY))
    assert waiting == 10
    assert len(browse.client.get_cookie("sid").value) < 400
