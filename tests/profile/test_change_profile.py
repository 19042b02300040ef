"""Changing one's details on the profile page (clause 3.1)."""

import unicodedata
from typing import Any

from portal.accounts.models import Kind, User
from portal.core.database import db
from portal.profile.models import ProfileChange

OWN = {"full_name": "Trần Thị Bích Ngọc", "contact_address": "12 Lê Lợi, Hội An", "locale": "vi"}


VIETNAMESE = ("Nguyễn Thị Hoài Thương", "Đặng Ðình Phượng", "Lê Hòa", "Trương Quỳnh Như")


COMPANY = {
    "company_name": "Công ty TNHH Biển Xanh",
    "business_unit": "Chi nhánh Huế",
    "address": "5 Trần Phú, Huế",
}


def held(app: Any, user: User) -> User:
    with app.app_context():
        found = db.session.get(User, user.id)
        assert found is not None
        return found


def test_clause_3_1_a_person_changes_every_field_at_any_time(app, browse_as, make_customer) -> None:
    alice = make_customer(kind=Kind.ORGANISATION).admin

    reply = browse_as(alice).submit("/profile", OWN | COMPANY)

    after = held(app, alice)
    assert reply.status_code == 303
    assert {name: getattr(after, name) for name in OWN} == OWN
    assert {name: getattr(after.customer, name) for name in COMPANY} == COMPANY


def test_what_was_saved_is_shown_in_the_language_just_chosen(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    reply = alice.submit("/profile", OWN)

    page = alice.get(reply.headers["Location"]).get_data(as_text=True)
    assert 'lang="vi"' in page
    assert "Đã lưu. Bạn có thể xem mọi thay đổi trong phần lịch sử." in page
    assert "Trần Thị Bích Ngọc" in page


def test_a_member_without_company_sees_the_company_and_cannot_change_it(app, browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1, company_name="Biển Xanh")
    bob = browse_as(customer.staff[0])

    reply = bob.submit("/profile", OWN | COMPANY)

    after = held(app, customer.staff[0])
    assert reply.status_code == 303
    assert after.full_name == OWN["full_name"]
    assert after.customer.company_name == "Biển Xanh"
    assert after.customer.address == ""
    page = bob.get("/profile").get_data(as_text=True)
    assert "Biển Xanh" in page
    assert 'name="company_name"' not in page


def test_a_member_with_company_changes_it_for_all(app, browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1)
    with app.app_context():
        db.session.get_one(User, customer.staff[0].id).granted = ["company"]
        db.session.commit()

    browse_as(customer.staff[0]).submit("/profile", OWN | COMPANY)

    assert held(app, customer.admin).customer.company_name == COMPANY["company_name"]


def test_a_field_that_is_not_sent_stays_as_it_is(app, browse_as, make_customer) -> None:
    alice = make_customer(kind=Kind.ORGANISATION, company_name="Biển Xanh").admin

    browse_as(alice).submit("/profile", {"full_name": "Alice", "locale": "en"})

    assert held(app, alice).customer.company_name == "Biển Xanh"


FORGED = {
    "role": "admin",
    "is_smartos": "1",
    "email": "evil@example.org",
    "email_key": "evil@example.org",
    "email_verified_at": "2020-01-01T00:00:00Z",
    "phone": "+84905123456",
    "granted": "team",
    "features": "operators",
    "customer_id": "00000000-0000-0000-0000-000000000000",
    "id": "00000000-0000-0000-0000-000000000000",
    "password_hash": "x",
    "search": "x",
    "package": "Enterprise",
    "contract_end": "2099-01-01",
    "kind": "individual",
    "closing_since": "2020-01-01",
}


def test_fields_that_are_not_on_the_page_change_nothing(app, browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1)
    before = held(app, customer.staff[0])

    browse_as(customer.staff[0]).submit("/profile", OWN | FORGED)

    after = held(app, customer.staff[0])
    columns = [c.key for c in User.__table__.columns if c.key not in (*OWN, "search")]
    assert [getattr(after, c) for c in columns] == [getattr(before, c) for c in columns]
    customers = [c.key for c in type(after.customer).__table__.columns]
    assert [getattr(after.customer, c) for c in customers] == [getattr(before.customer, c) for c in customers]
    assert after.search == "tran thi bich ngoc"


def test_vietnamese_names_come_back_as_one_form_however_they_were_typed(app, browse_as, make_customer) -> None:
    alice = make_customer().admin
    browser = browse_as(alice)
    kept = []

    for name in VIETNAMESE:
        for form in ("NFC", "NFD"):
            browser.submit("/profile", OWN | {"full_name": unicodedata.normalize(form, name)})
            kept.append(held(app, alice).full_name)

    assert kept == [unicodedata.normalize("NFC", name) for name in VIETNAMESE for _ in range(2)]


def test_emoji_and_right_to_left_letters_stay_and_overrides_go(app, browse_as, make_customer) -> None:
    alice = make_customer().admin

    browse_as(alice).submit("/profile", OWN | {"full_name": "علي 🏖️ \u202egnp.exe\u202c Hà"})

    assert held(app, alice).full_name == "علي 🏖️ gnp.exe Hà"


def test_markup_is_shown_as_it_was_typed(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)
    name = "<script>alert(1)</script>{{ 7*7 }}"

    reply = alice.submit("/profile", OWN | {"full_name": name})

    page = alice.get(reply.headers["Location"]).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page


MISTAKES = [
    ("full_name", ""),
    ("full_name", "   "),
    ("full_name", "\u200b\u202e"),
    ("full_name", "x" * 201),
    ("full_name", "A\x00B"),
    ("full_name", "A\nB"),
    ("contact_address", "x" * 501),
    ("contact_address", "5 \x07 Huế"),
    ("locale", "fr"),
    ("company_name", "x" * 201),
    ("business_unit", "\x1b[31m"),
    ("address", "x" * 501),
]


def test_a_mistake_is_told_beside_its_field_and_nothing_is_saved(app, browse_as, make_customer) -> None:
    alice = make_customer(kind=Kind.ORGANISATION).admin
    browser = browse_as(alice)

    replies = [(field, browser.submit("/profile", OWN | COMPANY | {field: value})) for field, value in MISTAKES]

    for field, reply in replies:
        page = reply.get_data(as_text=True)
        assert reply.status_code == 422, field
        assert f'id="{field}-error"' in page
        assert "Chi nhánh Huế" in page or field == "business_unit"
    assert held(app, alice).full_name == alice.full_name
    assert held(app, alice).customer.business_unit == ""


def test_ten_megabytes_are_refused_before_they_are_read(app, browse_as, make_customer) -> None:
    alice = make_customer().admin

    reply = browse_as(alice).submit("/profile", OWN | {"full_name": "x" * 10_000_000})

    assert reply.status_code == 413
    assert held(app, alice).full_name == alice.full_name


def test_a_form_from_another_site_changes_nothing(app, browse_as, make_customer) -> None:
    alice = make_customer().admin

    reply = browse_as(alice).post("/profile", OWN | {"csrf_token": "forged"})

    assert reply.status_code == 400
    assert held(app, alice).full_name == alice.full_name


def test_saving_what_stands_there_makes_no_history(app, browse_as, make_customer) -> None:
    alice = make_customer(full_name=OWN["full_name"]).admin

    browse_as(alice).submit("/profile", {"full_name": OWN["full_name"], "contact_address": "", "locale": "en"})

    with app.app_context():
        assert db.session.query(ProfileChange).count() == 0


def test_the_last_of_two_tabs_wins_and_is_told_so(app, browse_as, make_customer) -> None:
    alice = make_customer(full_name="Alice").admin
    first, second = browse_as(alice), browse_as(alice)
    shown = shown_on(second)
    first.submit("/profile", {"full_name": "Alice Một", "locale": "en"})

    reply = second.submit("/profile", {"full_name": "Alice Hai", "locale": "en", "shown": shown})

    page = second.get(reply.headers["Location"]).get_data(as_text=True)
    assert held(app, alice).full_name == "Alice Hai"
    assert "had been changed from elsewhere: Full name" in page


def test_an_old_tab_does_not_undo_what_it_left_alone(app, browse_as, make_customer) -> None:
    alice = make_customer(full_name="Alice").admin
    first, second = browse_as(alice), browse_as(alice)
    shown = shown_on(second)
    first.submit("/profile", {"full_name": "Alice Một", "locale": "en"})

    reply = second.submit("/profile", {"full_name": "Alice", "contact_address": "Huế", "locale": "en", "shown": shown})

    after = held(app, alice)
    assert (after.full_name, after.contact_address) == ("Alice Một", "Huế")
    assert "stays so: Full name" in second.get(reply.headers["Location"]).get_data(as_text=True)


def shown_on(browser: Any) -> str:
    page = browser.get("/profile").get_data(as_text=True)
    return str(page.partition('name="shown"')[2].partition('value="')[2].partition('"')[0])


def test_the_profile_costs_three_statements_at_most(browse_as, make_customer, statements) -> None:
    alice = browse_as(make_customer(kind=Kind.ORGANISATION).admin)

    with statements() as seen:
        reply = alice.get("/profile")

    assert reply.status_code == 200
    assert len(seen) <= 3, seen


def test_nobody_reads_a_profile_signed_out(browse) -> None:
    reply = browse.get("/profile")

    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/sign-in?next=")


def test_while_the_account_is_closing_everything_is_read_and_nothing_changed(app, browse_as, make_customer) -> None:
    alice = make_customer(full_name="Alice").admin
    browser = browse_as(alice)
    with app.app_context():
        user = db.session.get_one(User, alice.id)
        user.closing_since = user.created_at
        db.session.commit()

    reply = browser.submit("/profile", OWN)

    page = browser.get("/profile").get_data(as_text=True)
    assert reply.status_code == 303
    assert reply.headers["Location"] == "/close-account"
    assert held(app, alice).full_name == "Alice"
    assert "Alice" in page
    assert 'name="full_name"' not in page
