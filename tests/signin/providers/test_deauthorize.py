"""Somebody removes the portal at Facebook: the link goes, the account stays, and nobody else can say so for them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from portal.core import clock
from portal.signin.models import Way
from portal.signin.providers import keys
from portal.signin.providers.models import LinkedAccount, Newcomer, Provider, ProviderEvent
from tests.support.browse import Browse
from tests.support.linked import Linked, is_in
from tests.support.portals import in_production, portal
from tests.support.providers import come_from

ADDRESS = "/facebook/deauthorize"
FACEBOOK, GOOGLE = Provider.FACEBOOK, Provider.GOOGLE


@pytest.fixture
def linked(app):
    return Linked(app)


@pytest.fixture
def call(browse, facebook):
    """Facebook calls, as it does: without a cookie, a form token or a language."""

    def post(user_id: str = "1001", **changes: Any):
        said = {"algorithm": "HMAC-SHA256", "user_id": user_id, "issued_at": int(clock.now().timestamp())} | changes
        return browse.post(ADDRESS, {"signed_request": facebook.signs(said)})

    return post


def test_the_link_goes_and_the_account_stays(make_customer, linked, call, browse):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    linked.link(alice, GOOGLE, "2002")

    reply = call()

    assert (reply.status_code, reply.json) == (200, {})
    assert linked.account(alice, FACEBOOK) is None
    assert linked.account(alice, GOOGLE) is not None
    browse.sign_in(alice)
    assert [entry.subject_id for entry in linked.acts("facebook.deauthorized")] == [alice.id]


def test_only_what_facebook_opened_is_signed_out(make_customer, linked, call):
    alice, bob = make_customer().admin, make_customer().admin
    by_facebook, by_password = linked.came_by(Way.FACEBOOK, alice), linked.came_by(Way.PASSWORD, alice)
    bobs = linked.came_by(Way.FACEBOOK, bob)
    linked.link(alice, FACEBOOK, "1001")

    call()

    assert [is_in(browser) for browser in (by_facebook, by_password, bobs)] == [False, True, True]


def test_the_person_gets_one_letter_however_often_facebook_calls(make_customer, linked, call, mailbox, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    moment = int(clock.now().timestamp())

    replies = [call(issued_at=moment), call(issued_at=moment), call(issued_at=moment - 60)]
    work()

    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert "Facebook" in mailbox.wait_for(alice.email, "signin/account-unlinked").text
    assert len(mailbox.letters(alice.email)) == 1
    assert len(linked.acts("facebook.callback-repeated")) == 1


def test_a_replay_does_not_undo_a_new_link(make_customer, linked, call):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    moment = int(clock.now().timestamp())
    call(issued_at=moment)
    linked.link(alice, FACEBOOK, "1001")

    call(issued_at=moment)

    assert linked.account(alice, FACEBOOK) is not None


def test_whoever_had_no_other_way_in_is_told_how_to_get_in(make_customer, linked, call, mailbox, work, browse):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001", has_password=False)

    call()
    work()
    letter = mailbox.wait_for(alice.email, "signin/account-unlinked")
    browse.submit("/forgot-password", {"email": alice.email})
    work()

    assert "/forgot-password" in letter.text
    assert mailbox.wait_for(alice.email, "signin/reset-password")


def test_whoever_has_another_way_in_is_not_sent_to_a_new_password(make_customer, linked, call, mailbox, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")

    call()
    work()

    assert "/forgot-password" not in mailbox.wait_for(alice.email, "signin/account-unlinked").text


def test_what_was_begun_and_not_finished_goes_too(linked, call):
    linked.begin(FACEBOOK, "1001")
    linked.begin(FACEBOOK, "1002")
    linked.begin(GOOGLE, "1001")

    call()

    assert linked.count(Newcomer) == 2


def test_somebody_unknown_gets_the_same_answer_and_nothing_happens(make_customer, linked, call, mailbox, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    linked.link(make_customer().admin, GOOGLE, "3003")

    replies = [call("9999"), call("3003")]
    work()

    assert [(reply.status_code, reply.json) for reply in replies] == [(200, {}), (200, {})]
    assert linked.count(LinkedAccount) == 2
    assert mailbox.letters() == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda facebook, said: {},
        lambda facebook, said: {"signed_request": ""},
        lambda facebook, said: {"signed_request": "x.y"},
        lambda facebook, said: {"signed_request": facebook.signs(said, secret="a guess")},
        lambda facebook, said: {"signed_request": facebook.signs(said | {"algorithm": "none"})},
        lambda facebook, said: {"signed_request": facebook.signs(said | {"issued_at": said["issued_at"] - 8 * 86400})},
        lambda facebook, said: {"signed_request": facebook.signs(said | {"issued_at": said["issued_at"] + 3600})},
        lambda facebook, said: {"signed_request": facebook.signs({**said, "user_id": None})},
        lambda facebook, said: {"signed_request": [facebook.signs(said, secret="a guess"), facebook.signs(said)]},
        lambda facebook, said: {"signed_request": "x" * 20_000},
        lambda facebook, said: {"more": "x" * 900_000, "signed_request": facebook.signs(said)},
    ],
)
def test_what_facebook_did_not_say_changes_nothing_and_is_noted(
    app, make_customer, linked, browse, facebook, mailbox, work, forge
):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}

    reply = browse.post(ADDRESS, forge(facebook, said))
    work()

    assert reply.status_code == 400
    assert set(reply.json) == {"error", "detail"}
    assert linked.account(alice, FACEBOOK) is not None
    assert len(linked.acts("facebook.callback-refused")) == 1
    assert linked.count(ProviderEvent) == 0
    assert mailbox.letters() == []


@pytest.mark.parametrize("body", [b"[1, 2]", b"{", b'{"signed_request": "x.y"}', b"\xff" * 100])
def test_a_body_that_is_no_form_is_refused(browse, body):
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        assert browse.client.post(ADDRESS, data=body, content_type=kind).status_code == 400


def test_facebooks_call_needs_no_cookie_and_sets_none(call):
    assert "Set-Cookie" not in call().headers


def test_asking_by_get_does_nothing(browse):
    assert browse.get(ADDRESS).status_code == 405


def test_two_calls_at_once_unlink_once_and_write_one_letter(app, make_customer, linked, facebook, mailbox, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}
    form, at_once = {"signed_request": facebook.signs(said)}, Barrier(4)

    def post(_: int) -> int:
        at_once.wait()
        return Browse(app).post(ADDRESS, form).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    work()

    assert answers == [200] * 4
    assert len(linked.acts("facebook.deauthorized")) == 1
    assert len(linked.acts("facebook.callback-repeated")) == 3
    assert len(mailbox.letters(alice.email)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_keys_in_production_nobody_is_believed_not_even_by_the_demos_secret(environ, facebook):
    own = {name: value for name, value in environ.items() if not name.startswith(("PORTAL_FACEBOOK", "PORTAL_GOOGLE"))}
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}

    with portal(in_production(own)) as app:
        with app.app_context():
            secrets = ("", keys.demo(FACEBOOK).client_secret)
        answers = [
            Browse(app).post(ADDRESS, {"signed_request": facebook.signs(said, secret=secret)}).status_code
            for secret in secrets
        ]

    assert answers == [400, 400]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_in_development_without_keys_the_stand_in_is_believed(environ, facebook):
    own = {name: value for name, value in environ.items() if "FACEBOOK" not in name}
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}

    with portal(own) as app:
        with app.app_context():
            secret = keys.demo(FACEBOOK).client_secret
        reply = Browse(app).post(ADDRESS, {"signed_request": facebook.signs(said, secret=secret)})

    assert reply.status_code == 200


def test_the_number_that_facebook_signs_is_the_one_that_people_came_with(app, make_customer, linked, call, facebook):
    alice, browser = make_customer().admin, Browse(app)
    linked.link(alice, FACEBOOK, "1001")
    come_from(browser, facebook, "1001", name="Alice")
    came_in = is_in(browser)

    call("1001")

    assert (came_in, is_in(browser)) == (True, False)
