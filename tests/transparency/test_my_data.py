"""My data: every item held, with purpose, source and keep-until (clauses 3.1, 3.3, 9.1)."""

from datetime import timedelta
from typing import Any

from portal.accounts.models import Kind, User
from portal.core import clock
from portal.core.categories import CATEGORY_WORDS, Category
from portal.core.database import db
from portal.profile.models import CompanyChange, ProfileChange
from portal.signin.models import Visit, Way

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def main_of(reply: Any) -> str:
    return str(reply.get_data(as_text=True).partition('id="main"')[2].partition("</main>")[0])


def test_clause_9_1_every_category_stands_there_the_empty_ones_too(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    page = main_of(alice.get("/my-data"))

    for category in Category:
        assert f'href="/my-data/{category.value}"' in page
        assert str(CATEGORY_WORDS[category]) in page
    assert "nothing held" in page
    for way_on in ("Take a copy with you", "Correct your profile", "Close the account"):
        assert way_on in page


def test_clause_9_1_each_item_shows_value_purpose_source_and_keep_until(browse_as, make_customer) -> None:
    customer = make_customer(full_name="Lê Thị Hoa", phone="+84905123456")
    alice = browse_as(customer.admin)

    page = main_of(alice.get("/my-data/profile"))

    for words in (
        "Lê Thị Hoa",
        customer.admin.email,
        "+84905123456",
        "Providing the service and support",
        "You gave it",
        "As long as your contract runs, then at most 30 days",
    ):
        assert words in page


def test_clause_3_3_a_visit_is_shown_with_address_browser_and_system(app, browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)
    alice.get("/sign-in")

    page = main_of(alice.get("/my-data/visits"))

    assert "127.0.0.1" in page
    assert "Preventing fraud and protecting your account" in page
    assert "Recorded automatically" in page
    assert "90 days, or until the account is erased" in page


def test_clause_3_3_browser_and_system_are_named(app, browse, make_customer) -> None:
    alice = make_customer().admin
    browse.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    browse.sign_in(alice)

    page = main_of(browse.get("/my-data/visits"))

    assert "Firefox 140" in page
    assert "Linux" in page


def test_clause_3_1_the_time_of_each_visit_is_kept_and_shown_newest_first(app, browse_as, make_customer) -> None:
    customer = make_customer()
    plant_visits(app, customer.admin, 30)
    alice = browse_as(customer.admin)

    first = alice.get("/my-data/visits")
    older = main_of(first).partition("before=")[2].partition("&")[0].partition('"')[0]
    second = main_of(alice.get(f"/my-data/visits?in=visit&before={older}"))

    assert main_of(first).count("<tr>") == 1 + 25
    assert second.count("<tr>") == 1 + 6
    assert "10.0.0.29" in main_of(first)
    assert "10.0.0.0<" in second
    assert "10.0.0.29" not in second


def plant_visits(app: Any, user: User, count: int) -> None:
    with app.app_context():
        for n in range(count):
            at = clock.now() - timedelta(days=count - n)
            db.session.add(Visit(user_id=user.id, at=at, way=Way.PASSWORD, ip=f"10.0.0.{n}", browser="", system=""))
        db.session.commit()


def test_pages_that_do_not_exist_show_the_first(app, browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    for query in ("in=visit&before=nonsense", "in=customer&before=1", "in=' or 1=1&before=x", "before=%00"):
        assert alice.get(f"/my-data/visits?{query}").status_code == 200
    for number in ("9" * 30, "-1", "1e9", "٣"):
        assert alice.get(f"/my-data/notices?in=delivery&before={number}").status_code == 200


def test_nobody_reads_anybody_elses_items(app, browse_as, make_customer) -> None:
    alice, bob = make_customer(), make_customer(full_name="Bob Bí Mật")
    plant_visits(app, bob.admin, 3)
    browser = browse_as(alice.admin)

    pages = [main_of(browser.get(f"/my-data/{category.value}")) for category in Category]
    counts = main_of(browser.get("/my-data"))

    assert all("Bob" not in page and "10.0.0." not in page and bob.admin.email not in page for page in pages)
    assert "1 item" in counts.partition('href="/my-data/visits"')[2].partition("</a>")[0]


def test_the_contract_is_shown_with_package_products_term_and_kind(browse_as, make_customer) -> None:
    alice = browse_as(make_customer(kind=Kind.ORGANISATION).admin)

    page = main_of(alice.get("/my-data/contract"))

    for words in (
        "Starter",
        "Smartos PMS, Smartos Booking",
        "Contract starts",
        "Contract ends",
        "Organisation",
    ):
        assert words in page


def test_a_member_reads_their_own_part_and_who_sees_the_rest(browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1, company_name="Biển Xanh")
    bob = browse_as(customer.staff[0])

    profile, contract = main_of(bob.get("/my-data/profile")), main_of(bob.get("/my-data/contract"))

    assert customer.staff[0].full_name in profile
    assert "Biển Xanh" not in profile
    assert "Starter" not in contract
    for page in (profile, contract):
        assert "What belongs to your organisation in this category is shown to its Admin User" in page


def test_a_member_with_the_features_reads_the_customers_part(app, browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1, company_name="Biển Xanh")
    with app.app_context():
        db.session.get_one(User, customer.staff[0].id).granted = ["company", "contract"]
        db.session.commit()
    bob = browse_as(customer.staff[0])

    assert "Biển Xanh" in main_of(bob.get("/my-data/profile"))
    assert "Starter" in main_of(bob.get("/my-data/contract"))


def test_a_password_is_held_and_withheld(app, browse_as, make_customer) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)

    page = main_of(alice.get("/my-data/account"))

    assert "Withheld" in page
    assert "Only an irreversible hash is kept; it is shown to nobody" in page
    assert customer.admin.password_hash not in page


def test_a_link_that_waits_unsent_is_not_shown_in_its_letter(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)
    alice.submit("/profile/email", {"email": "neu@example.com"})

    page = main_of(alice.get("/my-data/notices"))

    assert "neu@example.com" in page
    assert "/profile/email/" not in page
    assert "It may hold a secret link" in page


def test_markup_in_a_value_is_shown_as_it_was_typed(browse_as, make_customer) -> None:
    alice = browse_as(make_customer(full_name="<img src=x onerror=alert(1)>").admin)

    page = main_of(alice.get("/my-data/profile"))

    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_changes_of_the_company_are_the_customers_and_own_changes_the_persons(app, browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1)
    with app.app_context():
        db.session.add(CompanyChange(customer_id=customer.id, field="address", before="", after="Phố Nhỏ"))
        db.session.add(ProfileChange(user_id=customer.staff[0].id, field="full_name", before="Trước", after="Sau"))
        db.session.commit()

    bob, alice = browse_as(customer.staff[0]), browse_as(customer.admin)

    assert "Phố Nhỏ" not in main_of(bob.get("/my-data/profile"))
    assert "Trước" in main_of(bob.get("/my-data/profile"))
    assert "Phố Nhỏ" in main_of(alice.get("/my-data/profile"))
    assert "Trước" not in main_of(alice.get("/my-data/profile"))


def test_an_unknown_category_is_not_there(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    assert alice.get("/my-data/secrets").status_code == 404
    assert alice.get("/my-data/user").status_code == 404


def test_my_data_speaks_vietnamese(browse_as, make_customer) -> None:
    alice = browse_as(make_customer(locale="vi").admin)

    page = main_of(alice.get("/my-data/visits"))

    assert "Ngăn chặn gian lận và bảo vệ tài khoản của bạn" in page
    assert "90 ngày, hoặc đến khi tài khoản bị xóa" in page


def test_the_counts_cost_one_statement_however_much_is_held(app, browse_as, make_customer, statements) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    with statements() as few:
        alice.get("/my-data")
    plant_visits(app, customer.admin, 40)

    with statements() as many:
        alice.get("/my-data")

    assert len(many) == len(few) <= 4, many


def test_a_closing_account_can_still_be_read(app, browse_as, make_customer) -> None:
    customer = make_customer()
    alice = browse_as(customer.admin)
    with app.app_context():
        user = db.session.get_one(User, customer.admin.id)
        user.closing_since = clock.now()
        db.session.commit()

    assert alice.get("/my-data").status_code == 200
    assert alice.get("/my-data/profile").status_code == 200
    assert alice.get("/profile").status_code == 200
