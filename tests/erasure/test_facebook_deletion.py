"""Somebody asks Facebook to have deleted what the portal got from there: it goes, the account stays, a page says so."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from portal.core import clock
from portal.core.database import db
from portal.erasure import sweeping
from portal.erasure.models import ProviderDeletion
from portal.signin.models import Way
from portal.signin.providers.models import LinkedAccount, Newcomer, Provider
from tests.support.browse import Browse, state_of
from tests.support.killing import run_worker_killed_at
from tests.support.linked import Linked, is_in
from tests.support.providers import environ, facebook, facebook_service, google, google_service  # noqa: F401 (fixtures)
from tests.support.residue import files_with

ADDRESS = "/facebook/data-deletion"
FACEBOOK, GOOGLE = Provider.FACEBOOK, Provider.GOOGLE


@pytest.fixture
def linked(app):
    return Linked(app)


@pytest.fixture
def call(browse, facebook):  # noqa: F811 (the fixture)
    """Facebook calls, as it does: without a cookie, a form token or a language."""

    def post(user_id: str = "1001", **changes: Any):
        said = {"algorithm": "HMAC-SHA256", "user_id": user_id, "issued_at": int(clock.now().timestamp())} | changes
        return browse.post(ADDRESS, {"signed_request": facebook.signs(said)})

    return post


def path(reply: Any) -> str:
    """Of the status page that an answer names."""
    return str(reply.json["url"]).removeprefix("http://localhost:8000")


def test_the_answer_is_the_json_that_meta_asks_for(linked, make_customer, call, browse):
    linked.link(make_customer().admin, FACEBOOK, "1001")

    reply = call()

    assert (reply.status_code, reply.content_type) == (200, "application/json")
    assert set(reply.json) == {"url", "confirmation_code"}
    assert re.fullmatch("[0-9a-z]{32}", reply.json["confirmation_code"])
    assert reply.json["url"] == f"http://localhost:8000/data-deletion/{reply.json['confirmation_code']}"
    assert browse.get(path(reply)).status_code == 200


def test_what_came_from_facebook_goes_and_the_account_stays(linked, make_customer, call, browse):
    alice = make_customer(full_name="Trần Thị Alice").admin
    by_facebook, by_password = linked.came_by(Way.FACEBOOK, alice), linked.came_by(Way.PASSWORD, alice)
    linked.link(alice, FACEBOOK, "1001")
    linked.link(alice, GOOGLE, "1001")
    linked.begin(FACEBOOK, "1001")

    call()

    assert linked.account(alice, FACEBOOK) is None
    assert linked.account(alice, GOOGLE) is not None
    assert linked.count(Newcomer) == 0
    assert [is_in(by_facebook), is_in(by_password)] == [False, True]
    assert "Trần Thị Alice" in by_password.get("/profile").get_data(as_text=True)
    assert [entry.subject_id for entry in linked.acts("facebook.data-deleted")] == [alice.id]


def test_the_person_gets_one_letter(linked, make_customer, call, mailbox, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001", has_password=False)
    moment = int(clock.now().timestamp())

    call(issued_at=moment)
    call(issued_at=moment)
    work()

    assert "/forgot-password" in mailbox.wait_for(alice.email, "signin/account-unlinked").text
    assert len(mailbox.letters(alice.email)) == 1


def test_the_page_is_pending_until_no_byte_is_left_and_says_so_to_machines(linked, make_customer, call, browse, work):
    linked.link(make_customer().admin, FACEBOOK, "1001")

    page = path(call())
    before, machines = browse.state(page), browse.get(page, headers={"Accept": "application/json"}).json
    work()

    assert (before, browse.state(page)) == ("pending", "purged")
    assert machines == {"state": "pending", "days_left": 0, "counts": {"linked_account": 1}}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Your account at Smartos"), ("vi", "Tài khoản của bạn tại Smartos")]
)
def test_the_page_says_what_went_and_what_stays_and_names_nobody(
    app, linked, make_customer, call, work, language, words
):
    alice = make_customer(full_name="Trần Thị Alice").admin
    linked.link(alice, FACEBOOK, "1001")
    page = path(call())
    work()

    text = Browse(app, language=language).get(page).get_data(as_text=True)

    assert words in text
    assert "/close-account" in text
    assert not [said for said in ("Trần", alice.email, "1001", "there@example.com", "Name There") if said in text]


def test_the_same_request_gets_the_same_code_and_deletes_nothing_twice(linked, make_customer, call, work):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    moment = int(clock.now().timestamp())

    first = call(issued_at=moment)
    linked.link(alice, FACEBOOK, "1001")
    second, another = call(issued_at=moment), call(issued_at=moment - 1)

    assert first.json == second.json
    assert another.json["confirmation_code"] != first.json["confirmation_code"]
    assert len(linked.acts("facebook.callback-repeated")) == 1
    assert linked.count(ProviderDeletion) == 2


def test_somebody_unknown_gets_an_answer_of_the_same_form_and_a_page(
    linked, make_customer, call, browse, mailbox, work
):
    linked.link(make_customer().admin, GOOGLE, "9999")

    reply = call("9999")
    work()

    assert set(reply.json) == {"url", "confirmation_code"}
    assert re.fullmatch("[0-9a-z]{32}", reply.json["confirmation_code"])
    assert state_of(browse.get(path(reply))) == "purged"
    assert linked.count(LinkedAccount) == 1
    assert mailbox.letters() == []


def test_no_row_keeps_who_it_was(app, linked, make_customer, call):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "100100100100")

    call("100100100100")

    with app.app_context():
        row = db.session.query(ProviderDeletion).one()
        kept = " ".join(str(getattr(row, column.name)) for column in ProviderDeletion.__table__.columns)
    assert "100100100100" not in kept
    assert str(alice.id) not in kept


def test_a_code_that_nobody_got_opens_nothing(browse):
    for code in ("0" * 32, "x", "é" * 32, "0" * 33):
        assert browse.get(f"/data-deletion/{code}").status_code == 404


def test_four_calls_at_once_get_one_code_and_open_one_deletion(app, linked, make_customer, facebook, mailbox, work):  # noqa: F811
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}
    form, at_once = {"signed_request": facebook.signs(said)}, Barrier(4)

    def post(_: int) -> Any:
        at_once.wait()
        return Browse(app).post(ADDRESS, form)

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(post, range(4)))
    work()

    assert [reply.status_code for reply in replies] == [200] * 4
    assert len({reply.json["confirmation_code"] for reply in replies}) == 1
    assert linked.count(ProviderDeletion) == len(linked.acts("facebook.data-deleted")) == 1
    assert len(mailbox.letters(alice.email)) == 1


def test_both_of_facebooks_calls_at_once_unlink_once(app, linked, make_customer, facebook, mailbox, work):  # noqa: F811
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    said = {"algorithm": "HMAC-SHA256", "user_id": "1001", "issued_at": int(clock.now().timestamp())}
    form, at_once = {"signed_request": facebook.signs(said)}, Barrier(2)

    def post(address: str) -> int:
        at_once.wait()
        return Browse(app).post(address, form).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, [ADDRESS, "/facebook/deauthorize"]))
    work()

    assert answers == [200, 200]
    assert linked.account(alice, FACEBOOK) is None
    assert len(mailbox.letters(alice.email)) == 1


@pytest.mark.parametrize("change", [{"secret": "a guess"}, {"age": 8 * 86400}, {"age": -3600}, {"algorithm": "none"}])
def test_what_facebook_did_not_say_deletes_nothing_and_is_noted(
    linked,
    make_customer,
    browse,
    facebook,  # noqa: F811
    change,
):
    alice = make_customer().admin
    linked.link(alice, FACEBOOK, "1001")
    moment = int(clock.now().timestamp()) - change.get("age", 0)
    said = {"algorithm": change.get("algorithm", "HMAC-SHA256"), "user_id": "1001", "issued_at": moment}
    signature = {"secret": change["secret"]} if "secret" in change else {}

    reply = browse.post(ADDRESS, {"signed_request": facebook.signs(said, **signature)})

    assert reply.status_code == 400
    assert set(reply.json) == {"error", "detail"}
    assert linked.account(alice, FACEBOOK) is not None
    assert linked.count(ProviderDeletion) == 0
    assert len(linked.acts("facebook.callback-refused")) == 1


@pytest.mark.parametrize("step", ["provider-deletion.begun", "provider-deletion.compacted"])
def test_a_worker_that_is_killed_midway_loses_nothing(
    app,
    environ,  # noqa: F811
    linked,
    make_customer,
    call,
    browse,
    work,
    move_clock,
    step,
):
    linked.link(make_customer().admin, FACEBOOK, "1001")
    page = path(call())

    run_worker_killed_at(environ, step)
    after_the_kill = browse.state(page)
    move_clock(seconds=600)  # the lease of the dead has run out
    work()

    assert (after_the_kill, browse.state(page)) == ("pending", "purged")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_once_it_says_purged_no_byte_from_facebook_is_left(app, environ, linked, make_customer, call, browse, work):  # noqa: F811
    instance = Path(environ["PORTAL_INSTANCE_PATH"])
    for number in range(40):
        linked.link(make_customer().admin, FACEBOOK, f"7001{number}", full_name="Zykbrn Wqxvj")
    assert files_with(instance, ["Zykbrn Wqxvj"])

    pages = [path(call(f"7001{number}")) for number in range(40)]
    work()

    assert {browse.state(page) for page in pages} == {"purged"}
    assert files_with(instance, ["Zykbrn Wqxvj"]) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_deletion_is_remembered_for_400_days_and_then_forgotten(app, call, browse, move_clock):
    page = path(call())
    move_clock(days=399)
    with app.app_context():
        sweeping.drop_outdated()
    before = browse.get(page).status_code

    move_clock(days=401)
    with app.app_context():
        sweeping.drop_outdated()

    assert (before, browse.get(page).status_code) == (200, 404)
