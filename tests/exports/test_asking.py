"""Asking for a copy of one's data, and watching it being made (clause 9.1)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from portal.accounts.models import Customer, Kind, User
from portal.core import clock
from portal.core.database import db
from portal.exports.models import Export
from tests.support.browse import TOKEN, state_of


def test_clause_9_1_people_take_a_copy_of_their_data_by_themselves(
    make_customer, browse_as, ask, work, opened, mailbox
):
    alice = make_customer().admin
    browser = browse_as(alice)

    page = ask(browser)
    work()

    assert browser.state(page) == "ready"
    assert "data/profile.json" in opened(browser, page).namelist()
    assert [letter.name for letter in mailbox.letters(alice.email)] == ["exports/ready"]


def test_the_letter_leads_to_the_page_and_tells_nothing_but_the_name(make_customer, browse_as, ask, work, mailbox):
    alice = make_customer(phone="+84905123456", contact_address="12 Trần Phú").admin

    page = ask(browse_as(alice))
    work()

    letter = mailbox.wait_for(alice.email, "exports/ready")
    for words in (letter.text, letter.html):
        assert f"http://localhost:8000{page}" in words
        assert alice.full_name in words
        assert "905" not in words
        assert "Trần Phú" not in words


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("vi", "Bản sao dữ liệu của bạn đã sẵn sàng"), ("en", "The copy of your data is ready")],
)
def test_the_letter_speaks_the_readers_language(make_customer, browse_as, ask, work, mailbox, locale, subject):
    alice = make_customer(locale=locale).admin

    ask(browse_as(alice))
    work()

    assert mailbox.wait_for(alice.email, "exports/ready").subject == subject


def test_a_waiting_export_says_so_to_people_and_to_machines(make_customer, browse_as, ask):
    browser = browse_as(make_customer().admin)

    page = ask(browser)

    shown = browser.get(page)
    facts = browser.get(page, headers={"Accept": "application/json"})
    assert state_of(shown) == "queued"
    assert f'data-poll="{page}"' in shown.get_data(as_text=True)
    assert facts.json == {"state": "queued", "done": 0, "total": 0, "bytes": 0}
    assert "Accept" in facts.headers["Vary"]


def test_a_ready_export_counts_what_was_written(make_customer, browse_as, ask, work, rows):
    browser = browse_as(make_customer().admin)

    page = ask(browser)
    work()

    facts = browser.get(page, headers={"Accept": "application/json"}).json
    assert facts["state"] == "ready"
    assert facts["done"] == facts["total"] > 0
    assert facts["bytes"] == rows()[0].bytes > 0


def test_who_asks_again_while_one_is_made_is_led_to_that_one(make_customer, browse_as, ask, rows):
    browser = browse_as(make_customer().admin)

    first = ask(browser)
    again = [ask(browser, categories=["visits"]) for _ in range(3)]

    assert again == [first] * 3
    assert len(rows()) == 1
    assert "already being prepared" in browser.get(first).get_data(as_text=True)


def test_when_one_is_ready_another_can_be_asked_for(make_customer, browse_as, ask, work):
    browser = browse_as(make_customer().admin)

    first = ask(browser)
    work()

    assert ask(browser) != first


def test_more_than_twenty_in_a_day_are_too_many(make_customer, browse_as, ask, app):
    alice = make_customer().admin
    browser = browse_as(alice)
    ask(browser)
    with app.app_context():
        db.session.execute(update(Export).values(state="cancelled", due_at=None))
        db.session.add_all([Export(user_id=alice.id, state="cancelled") for _ in range(19)])
        db.session.commit()

    reply = browser.submit("/exports", {"scope": "me"})

    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize("ending", ["", "/download"])
def test_somebody_elses_export_is_as_unknown_as_one_that_never_was(make_customer, browse_as, ask, work, ending):
    page = ask(browse_as(make_customer().admin))
    work()
    bob = browse_as(make_customer().admin)

    foreign, unknown = bob.get(page + ending), bob.get(f"/exports/{uuid4()}{ending}")

    assert foreign.status_code == unknown.status_code == 404
    assert TOKEN.sub("", foreign.get_data(as_text=True)) == TOKEN.sub("", unknown.get_data(as_text=True))


@pytest.mark.parametrize("act", ["cancel", "delete"])
def test_nobody_ends_somebody_elses_export(make_customer, browse_as, ask, act):
    alice = browse_as(make_customer().admin)
    page = ask(alice)

    reply = browse_as(make_customer().admin).submit(f"{page}/{act}", page="/exports")

    assert reply.status_code == 404
    assert alice.state(page) == "queued"


def test_colleagues_do_not_see_each_others_exports(make_customer, browse_as, ask):
    hotel = make_customer(staff=2)
    page = ask(browse_as(hotel.staff[0]))

    for colleague in (hotel.staff[1], hotel.admin):
        browser = browse_as(colleague)
        assert browser.get(page).status_code == 404
        assert page not in browser.get("/exports").get_data(as_text=True)


def test_signed_out_visitors_are_asked_to_sign_in(browse):
    assert browse.get("/exports").headers["Location"] == "/sign-in?next=/exports"


def test_the_organisations_copy_needs_its_feature(make_customer, browse_as, rows):
    hotel = make_customer(staff=1)

    reply = browse_as(hotel.staff[0]).submit("/exports", {"scope": "customer"})

    assert reply.status_code == 403
    assert rows() == []


def test_who_lost_the_feature_cannot_download_the_organisations_copy(make_customer, browse_as, ask, work, app):
    hotel = make_customer(staff=1)
    staff = hotel.staff[0]
    with app.app_context():
        db.session.execute(update(User).where(User.id == staff.id).values(granted=["customer-export"]))
        db.session.commit()
    browser = browse_as(staff)
    page = ask(browser, scope="customer")
    work()
    with app.app_context():
        db.session.execute(update(User).where(User.id == staff.id).values(granted=[]))
        db.session.commit()

    assert browser.get(f"{page}/download").status_code == 403


@pytest.mark.parametrize("fields", [{"scope": "everyone"}, {"categories": ["visits", "passwords"]}])
def test_a_choice_that_does_not_exist_comes_back_with_a_word(make_customer, browse_as, rows, fields):
    reply = browse_as(make_customer().admin).submit("/exports", {"scope": "me", **fields})

    assert reply.status_code == 422
    assert rows() == []


def test_a_form_without_its_token_changes_nothing(make_customer, browse_as, rows):
    assert browse_as(make_customer().admin).post("/exports", {"scope": "me"}).status_code == 400
    assert rows() == []


def test_the_page_needs_three_statements_at_most(make_customer, browse_as, ask, work, statements):
    browser = browse_as(make_customer(Kind.ORGANISATION).admin)
    ask(browser)
    work()
    ask(browser)

    with statements() as seen:
        assert browser.get("/exports").status_code == 200

    assert len(seen) <= 3, seen


def test_a_closing_account_still_asks_and_downloads(make_customer, browse_as, ask, work, opened, app):
    hotel = make_customer()
    browser = browse_as(hotel.admin)
    with app.app_context():
        db.session.execute(update(Customer).values(closing_since=clock.now()))
        db.session.commit()

    page = ask(browser)
    work()

    assert browser.state(page) == "ready"
    assert opened(browser, page).namelist()


def test_once_its_time_is_over_a_closing_account_gets_no_new_key(make_customer, browse_as, rows, app):
    hotel = make_customer()
    with app.app_context():
        db.session.execute(update(Customer).values(closing_since=clock.now() - timedelta(days=30)))
        db.session.commit()

    reply = browse_as(hotel.admin).submit("/exports", {"scope": "me"})

    assert reply.status_code == 422
    assert rows() == []
    with app.app_context():
        assert app.extensions["keys"].count() == (0, 0)
