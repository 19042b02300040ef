"""Another phone number: it takes effect once its code was typed (clause 3.1)."""

import re
from typing import Any

import pytest

from portal.accounts.models import User
from portal.core.database import db
from portal.profile.models import PhoneCode


def phone_of(app: Any, user: User) -> str:
    with app.app_context():
        return str(db.session.get_one(User, user.id).phone)


@pytest.fixture
def code_for(work, mailbox) -> Any:
    """The six digits in the newest letter to somebody."""

    def newest(user: User) -> str:
        work()
        found = re.search(r"^ *(\d{6})$", mailbox.letters(user.email, "profile/phone-code")[-1].text, re.M)
        assert found
        return found[1]

    return newest


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_clause_3_1_a_new_phone_takes_effect_when_its_code_is_typed(app, browse_as, make_customer, code_for) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    asked = alice.submit("/profile/phone", {"phone": "0905 123 456"})
    before = phone_of(app, customer.admin)

    reply = alice.submit("/profile/phone/confirm", {"code": code_for(customer.admin)})

    assert asked.headers["Location"] == "/profile/phone/confirm"
    assert before == ""
    assert reply.status_code == 303
    assert phone_of(app, customer.admin) == "+84905123456"
    assert "+84 905 123 456" in alice.get("/profile").get_data(as_text=True)


def test_a_number_is_understood_however_people_write_it(app, browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)
    understood = []

    for typed in ("0905.123.456", "+84 905-123-456", "84905123456", "(0905) 123456"):
        alice.submit("/profile/phone", {"phone": typed})
        with app.app_context():
            understood.append(db.session.query(PhoneCode).one().phone)

    assert understood == ["+84905123456"] * 4


def test_the_page_says_that_the_code_comes_by_e_mail(browse_as, make_customer) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)

    reply = alice.submit("/profile/phone", {"phone": "0905123456"})

    page = alice.get(reply.headers["Location"]).get_data(as_text=True)
    assert f"We sent six digits to {customer.admin.email}, since this portal does not send text messages yet" in page


def test_a_code_is_typed_with_blanks_and_works(app, browse_as, make_customer, code_for) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    alice.submit("/profile/phone", {"phone": "0905123456"})
    code = code_for(customer.admin)

    alice.submit("/profile/phone/confirm", {"code": f" {code[:3]} {code[3:]} "})

    assert phone_of(app, customer.admin) == "+84905123456"


def test_a_code_bears_five_tries(app, browse_as, make_customer, code_for) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    alice.submit("/profile/phone", {"phone": "0905123456"})
    code = code_for(customer.admin)
    tries = [alice.submit("/profile/phone/confirm", {"code": other_than(code)}) for _ in range(5)]

    reply = alice.post("/profile/phone/confirm", {"code": code, "csrf_token": token(alice)})

    assert [one.status_code for one in tries] == [422] * 5
    assert reply.status_code == 422
    assert "does not work any more" in reply.get_data(as_text=True)
    assert phone_of(app, customer.admin) == ""


def token(browser: Any) -> str:
    page = browser.get("/profile/phone").get_data(as_text=True)
    return str(
        page.partition('id="main"')[2].partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    )


def test_the_fourth_wrong_try_leaves_one(app, browse_as, make_customer, code_for) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    alice.submit("/profile/phone", {"phone": "0905123456"})
    code = code_for(customer.admin)
    for _ in range(4):
        alice.submit("/profile/phone/confirm", {"code": other_than(code)})

    alice.submit("/profile/phone/confirm", {"code": code})

    assert phone_of(app, customer.admin) == "+84905123456"


def test_a_code_is_over_after_ten_minutes(app, browse_as, make_customer, code_for, move_clock) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    alice.submit("/profile/phone", {"phone": "0905123456"})
    code, form_token = code_for(customer.admin), token(alice)

    move_clock(seconds=10 * 60 + 1)

    reply = alice.post("/profile/phone/confirm", {"code": code, "csrf_token": form_token})
    assert reply.status_code == 422
    assert phone_of(app, customer.admin) == ""


def test_somebody_elses_code_is_no_code_of_mine(app, browse_as, make_customer, code_for) -> None:
    mine, theirs = make_customer(), make_customer()
    alice, bob = browse_as(mine.admin), browse_as(theirs.admin)
    alice.submit("/profile/phone", {"phone": "0905123456"})
    bob.submit("/profile/phone", {"phone": "0912345678"})
    code = code_for(theirs.admin)

    reply = alice.submit("/profile/phone/confirm", {"code": code})

    assert reply.status_code == 422 or code == code_for(mine.admin)
    assert phone_of(app, theirs.admin) == ""


def test_the_database_holds_no_code(app, browse_as, make_customer, code_for) -> None:
    customer = make_customer()
    browse_as(customer.admin).submit("/profile/phone", {"phone": "0905123456"})

    code = code_for(customer.admin)

    with app.app_context():
        row = db.session.query(PhoneCode).one()
        assert all(code != str(getattr(row, c.key)) for c in PhoneCode.__table__.columns)


def test_removing_the_number_needs_no_code(app, browse_as, make_customer, mailbox, work) -> None:
    customer = make_customer(phone="+84905123456")

    reply = browse_as(customer.admin).submit("/profile/phone", {"phone": ""})

    work()
    assert reply.status_code == 303
    assert phone_of(app, customer.admin) == ""
    assert mailbox.letters(customer.admin.email, "profile/phone-changed")


NO_NUMBERS = (
    "123",
    "not a number",
    "+84 1",
    "0905 123 456 789 012",
    "+1 555 0100",
    "0905\x00123456",
    "x" * 50,
)


def test_what_is_no_phone_number_is_told_and_no_code_is_sent(browse_as, make_customer, mailbox, work) -> None:
    alice = browse_as(make_customer().admin)

    replies = [alice.submit("/profile/phone", {"phone": wrong}) for wrong in NO_NUMBERS]

    work()
    assert [reply.status_code for reply in replies] == [422] * len(NO_NUMBERS)
    assert all('id="phone-error"' in reply.get_data(as_text=True) for reply in replies)
    assert mailbox.empty()


def test_no_code_without_asking_for_one(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    page = alice.get("/profile/phone/confirm").get_data(as_text=True)
    reply = alice.post("/profile/phone/confirm", {"code": "000000", "csrf_token": token(alice)})

    assert "No code is waiting" in page
    assert reply.status_code == 422
