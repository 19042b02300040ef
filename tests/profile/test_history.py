"""Who changed what in a profile, and when."""

from portal.accounts.models import Kind
from portal.core.database import db
from portal.profile.models import CompanyChange, ProfileChange


def test_clause_3_1_the_history_says_what_stood_there_and_who_changed_it(browse_as, make_customer) -> None:
    customer = make_customer(kind=Kind.ORGANISATION, staff=1, full_name="Alice", company_name="Biển Xanh")
    alice = browse_as(customer.admin)

    alice.submit("/profile", {"full_name": "Alice Trần", "locale": "en", "company_name": "Biển Biếc"})

    page = alice.get("/profile/history").get_data(as_text=True)
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
    for words in ("Full name", "Alice", "Alice Trần", "Company name", "Biển Xanh", "Biển Biếc", "you"):
        assert words in rows
    others = browse_as(customer.staff[0]).get("/profile/history").get_data(as_text=True)
    assert "Biển Biếc" not in others.partition('id="main"')[2]


def test_a_long_history_is_read_page_by_page(app, browse_as, make_customer) -> None:
    customer = make_customer(full_name="Name 0")
    with app.app_context():
        for n in range(30):
            db.session.add(
                ProfileChange(user_id=customer.admin.id, field="full_name", before=f"Name {n}", after=f"Name {n + 1}")
            )
        db.session.add(
            CompanyChange(customer_id=customer.id, field="address", before="", after="Huế", by_id=customer.admin.id)
        )
        db.session.commit()
    alice = browse_as(customer.admin)

    first = alice.get("/profile/history").get_data(as_text=True)

    older = first.partition("/profile/history?before=")[2].partition('"')[0]
    second = alice.get(f"/profile/history?before={older}").get_data(as_text=True)
    assert first.count("<tr>") == 1 + 25
    assert second.count("<tr>") == 1 + 6
    assert "former member" in second
    assert alice.get("/profile/history?before=nonsense").status_code == 200
