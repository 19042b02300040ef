"""The overview: where a person stands, and the one next step."""

from typing import Any

from portal.accounts.models import Kind, User
from portal.core import clock
from portal.core.database import db


def main_of(reply: Any) -> str:
    return str(reply.get_data(as_text=True).partition('id="main"')[2].partition("</main>")[0])


def primary_buttons(page: str) -> int:
    return page.count("button-primary")


def test_a_person_is_greeted_and_has_one_next_step(browse_as, make_customer) -> None:
    alice = browse_as(make_customer(full_name="Lê Thị Hoa").admin)

    page = main_of(alice.get("/overview"))

    assert "Hello Lê Thị Hoa" in page
    assert primary_buttons(page) == 1
    assert "Complete your profile" in page
    assert "2 of 4 details given" in page


def test_with_a_whole_profile_the_next_step_is_to_look(browse_as, make_customer) -> None:
    alice = browse_as(make_customer(phone="+84905123456", contact_address="12 Lê Lợi").admin)

    page = main_of(alice.get("/overview"))

    assert "See what we hold about you" in page
    assert "4 of 4 details given" in page
    assert "complete" in page


def test_the_tiles_lead_to_every_room(browse_as, make_customer) -> None:
    page = main_of(browse_as(make_customer().admin).get("/overview"))

    for path in (
        "/profile",
        "/my-data",
        "/security/sessions",
        "/exports",
        "/privacy-policy",
        "/close-account",
    ):
        assert f'href="{path}"' in page


def test_the_visit_before_this_one_and_the_devices_are_shown(browse_as, make_customer) -> None:
    customer = make_customer()
    browse_as(customer.admin)
    alice = browse_as(customer.admin)

    page = main_of(alice.get("/overview"))

    assert "You were last here on" in page
    assert "2 devices are signed in" in page


def test_while_closing_the_next_step_is_to_see_the_days_left(app, browse_as, make_customer) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    with app.app_context():
        db.session.get_one(User, customer.admin.id).closing_since = clock.now()
        db.session.commit()

    page = main_of(alice.get("/overview"))

    assert "See how many days are left" in page


def test_the_overview_speaks_vietnamese(browse_as, make_customer) -> None:
    page = main_of(browse_as(make_customer(locale="vi", full_name="Lê Thị Hoa").admin).get("/overview"))

    assert "Chào Lê Thị Hoa" in page
    assert "Hoàn thiện hồ sơ của bạn" in page


def test_the_overview_costs_eight_statements_at_most(browse_as, make_customer, statements) -> None:
    alice = browse_as(make_customer(kind=Kind.ORGANISATION, staff=2).admin)

    with statements() as seen:
        reply = alice.get("/overview")

    assert reply.status_code == 200
    assert len(seen) <= 8, seen
