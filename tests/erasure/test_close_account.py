"""Leaving: the rehearsal, the days of grace, the undo, and who may close what (clauses 8.1, 8.2, 9.1)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Kind, User
from portal.core.database import db
from portal.erasure import service
from portal.erasure.models import Closing, ClosingReason, State
from tests.support.browse import Browse, link_in, state_of, token_of
from tests.support.smtp import Mailbox

BrowseAs = Callable[[object], Browse]
MakeCustomer = Callable[..., Any]
MoveClock = Callable[..., None]


def close(browser: Browse, scope: str = "me", **fields: str) -> Any:
    return browser.submit("/close-account", {"scope": scope, "reason": "", "confirm": "y", **fields})


def test_clause_8_2_closing_starts_the_clock_and_shows_it(
    browse_as: BrowseAs, make_customer: MakeCustomer, mailbox: Mailbox, work: Callable[[], object]
) -> None:
    alice = make_customer().admin
    browser = browse_as(alice)

    assert browser.state("/close-account") == "none"
    reply = close(browser, reason="Tôi chuyển sang nơi khác")
    work()

    assert reply.status_code == 303
    page = browser.get("/close-account")
    assert state_of(page) == "pending"
    assert "30 days left" in page.get_data(as_text=True)
    assert "30 days" in browser.get("/overview").get_data(as_text=True)
    [letter] = mailbox.letters(alice.email, "erasure/closing")
    assert "30 days" in letter.text


def test_clause_8_2_everything_is_as_it_was_after_an_undo(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer, mailbox: Mailbox, work: Callable[[], object]
) -> None:
    alice = make_customer().admin
    browser = browse_as(alice)
    close(browser, reason="A reason")

    reply = browser.submit("/close-account/undo", page="/close-account")
    work()

    assert reply.status_code == 303
    assert browser.state("/close-account") == "none"
    assert len(mailbox.letters(alice.email, "erasure/undone")) == 1
    with app.app_context():
        assert not db.session.get_one(User, alice.id).is_closing
        assert db.session.scalars(select(ClosingReason)).all() == []
        assert db.session.scalars(select(Closing.state)).all() == [State.UNDONE]


def test_while_closing_one_can_read_and_export_and_nothing_else(
    browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    browser = browse_as(make_customer().admin)
    token = token_of(browser.get("/profile"))
    close(browser)

    assert browser.get("/my-data").status_code == 200
    assert browser.get("/exports").status_code == 200
    changed = browser.post("/profile", {"csrf_token": token, "full_name": "Somebody Else"})

    assert changed.status_code == 303
    assert changed.headers["Location"] == "/close-account"
    assert "Somebody Else" not in browser.get("/profile").get_data(as_text=True)


def test_the_undo_link_works_without_signing_in_and_only_on_post(
    browse: Browse,
    browse_as: BrowseAs,
    make_customer: MakeCustomer,
    mailbox: Mailbox,
    work: Callable[[], object],
) -> None:
    alice = make_customer().admin
    signed_in = browse_as(alice)
    close(signed_in)
    work()
    link = link_in(mailbox.letters(alice.email, "erasure/closing")[0].text, "/close-account/undo/")

    browse.get(link)
    assert signed_in.state("/close-account") == "pending"
    reply = browse.submit(link)

    assert reply.status_code == 303
    assert signed_in.state("/close-account") == "none"
    assert browse.get(link).status_code == 404


def test_undo_comes_too_late_once_the_days_are_over(
    browse_as: BrowseAs, make_customer: MakeCustomer, move_clock: MoveClock
) -> None:
    alice = make_customer().admin
    browser = browse_as(alice)
    close(browser)
    form_token = token_of(browser.get("/close-account"))
    move_clock(days=29, hours=23, seconds=3590)
    browser = browse_as(alice)
    assert browser.state("/close-account") == "erasing-soon"

    move_clock(days=30, seconds=1)
    reply = browser.submit("/close-account/undo", page="/close-account")

    assert reply.status_code == 410
    assert "Too late" in reply.get_data(as_text=True)
    assert form_token


def test_closing_twice_says_so_and_changes_nothing(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer, move_clock: MoveClock
) -> None:
    browser = browse_as(make_customer().admin)
    close(browser)

    token = token_of(browser.get("/close-account"))
    again = browser.post("/close-account", {"csrf_token": token, "scope": "me", "confirm": "y"})

    assert again.status_code == 303
    assert "already" in browser.get("/close-account").get_data(as_text=True)
    with app.app_context():
        assert len(db.session.scalars(select(Closing)).all()) == 1


def test_closing_needs_a_tick(browse_as: BrowseAs, make_customer: MakeCustomer) -> None:
    browser = browse_as(make_customer().admin)

    reply = browser.submit("/close-account", {"scope": "me", "reason": "giữ lại câu này"})

    assert reply.status_code == 422
    assert "giữ lại câu này" in reply.get_data(as_text=True)
    assert browser.state("/close-account") == "none"


def test_closing_asks_who_is_there_when_the_sign_in_is_old(
    browse_as: BrowseAs, make_customer: MakeCustomer, move_clock: MoveClock
) -> None:
    browser = browse_as(make_customer().admin)
    move_clock(seconds=11 * 60)

    reply = close(browser)

    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/confirm-identity?next=/close-account")
    assert browser.state("/close-account") == "none"


def test_the_last_admin_user_of_an_organisation_cannot_leave_alone(
    browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    browser = browse_as(make_customer(staff=2).admin)

    reply = close(browser, "me")

    assert reply.status_code == 422
    text = reply.get_data(as_text=True)
    assert "Hand over" in text
    assert "close the whole customer" in text
    assert close(browser, "customer").status_code == 303


def test_a_staff_user_without_the_feature_cannot_close_the_customer(
    browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    made = make_customer(staff=1)

    assert close(browse_as(made.staff[0]), "customer").status_code == 403


def test_closing_the_customer_makes_everyone_read_only_and_tells_each_of_them(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer, mailbox: Mailbox, work: Callable[[], object]
) -> None:
    made = make_customer(staff=2)
    member = browse_as(made.staff[0])
    token = token_of(member.get("/profile"))

    close(browse_as(made.admin), "customer")
    work()

    assert member.state("/close-account") == "pending"
    changed = member.post("/profile", {"csrf_token": token, "full_name": "X"})
    assert changed.headers["Location"] == "/close-account"
    assert member.post("/close-account/undo", {"csrf_token": token}).status_code == 403
    for person in [made.admin, *made.staff]:
        [letter] = mailbox.letters(person.email, "erasure/closing")
        assert ("/close-account/undo/" in letter.text) == (person.id == made.admin.id)


def test_an_individual_who_leaves_takes_the_customer_along(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    made = make_customer(Kind.INDIVIDUAL)

    close(browse_as(made.admin), "me")

    with app.app_context():
        closing = db.session.scalars(select(Closing)).one()
        assert (closing.scope, closing.customer_id, closing.user_id) == ("customer", made.id, None)


def test_smartos_own_last_admin_user_cannot_leave(browse_as: BrowseAs, make_operator: Callable[..., User]) -> None:
    browser = browse_as(make_operator())

    for scope in ("me", "customer"):
        reply = close(browser, scope)
        assert reply.status_code == 422
        assert "Smartos itself stays" in reply.get_data(as_text=True)


def test_one_of_two_admin_users_may_leave_and_the_other_stays(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    made = make_customer(staff=1)
    with app.app_context():
        db.session.get_one(User, made.staff[0].id).role = made.admin.role
        db.session.commit()

    assert close(browse_as(made.admin), "me").status_code == 303
    assert close(browse_as(made.staff[0]), "me").status_code == 422


@pytest.mark.parametrize("code", ["0" * 32, "nothing", "%00"])
def test_an_unknown_status_code_is_nothing_here(browse: Browse, code: str) -> None:
    assert browse.get(f"/data-deletion/{code}").status_code == 404


def test_the_status_page_names_nobody(
    app: Flask, browse: Browse, browse_as: BrowseAs, make_customer: MakeCustomer
) -> None:
    alice = make_customer(full_name="Nguyễn Thị Hoài Thương").admin
    close(browse_as(alice), reason="vì lý do riêng")
    with app.app_context():
        code = db.session.scalars(select(Closing.code)).one()

    page = browse.get(f"/data-deletion/{code}")

    assert state_of(page) == "pending"
    text = page.get_data(as_text=True)
    assert alice.email not in text
    assert "Thương" not in text
    assert "riêng" not in text


def test_erasing_sooner_needs_a_second_yes(
    app: Flask, browse_as: BrowseAs, make_customer: MakeCustomer, move_clock: MoveClock
) -> None:
    browser = browse_as(make_customer().admin)
    close(browser)

    assert browser.get("/close-account/sooner").status_code == 200
    reply = browser.submit("/close-account/sooner")

    assert reply.headers["Location"].startswith("/data-deletion/")
    assert browser.submit("/close-account/undo", page="/close-account").status_code == 410


def test_days_left_are_whole_days_a_begun_one_counted(app: Flask, move_clock: MoveClock) -> None:
    with app.app_context():
        until = service.clock.now() + service.timedelta(days=30)
        assert service.days_left(until) == 30
        move_clock(days=29, hours=1)
        assert service.days_left(until) == 1
        move_clock(days=31)
        assert service.days_left(until) == 0
