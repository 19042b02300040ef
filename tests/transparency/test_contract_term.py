"""The service contract's term stands in the customer's record, and the customer can read it (clause 8.1)."""

from portal.accounts.models import Role


def test_clause_8_1_an_admin_user_reads_package_products_and_term(make_customer, browse_as):
    alice = make_customer().admin

    text = browse_as(alice).get("/my-data/contract").get_data(as_text=True)

    assert "Starter" in text
    assert "Smartos PMS" in text
    for day in (alice.customer.contract_start, alice.customer.contract_end):
        assert f"{day:%B} {day.day}, {day.year}" in text


def test_clause_8_1_a_staff_user_without_the_feature_is_sent_to_the_admin_user(make_customer, browse_as):
    chi = make_customer(staff=1).staff[0]

    text = browse_as(chi).get("/my-data/contract").get_data(as_text=True)

    assert chi.role == Role.STAFF
    assert "Starter" not in text
    assert "Admin User" in text
