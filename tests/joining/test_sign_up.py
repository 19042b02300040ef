"""Signing up: a letter, a press, an account; and nothing that tells who is a customer."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Customer, User
from portal.core.database import db
from portal.joining.models import Registration
from tests.support.browse import Browse, link_in

FIELDS = {
    "kind": "individual",
    "full_name": "Trần Thị Bích",
    "email": "bich@example.com",
    "password": "sông Hàn lúc nửa đêm",
    "age_confirmed": "y",
    "accept_policy": "y",
}


def test_somebody_signs_up_verifies_and_signs_in(app, browse, mailbox, work):
    reply = browse.submit("/sign-up", FIELDS)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up/sent")
    work()
    link = link_in(mailbox.wait_for("bich@example.com", "joining/verify").text, "/verify-email/")

    assert browse.get(link).status_code == 200
    reply = browse.submit(link)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    reply = browse.submit("/sign-in", {"email": "BICH@example.com", "password": FIELDS["password"]})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    with app.app_context():
        user = db.session.scalar(select(User))
        assert (user.full_name, user.is_admin, user.customer.kind) == ("Trần Thị Bích", True, "individual")
        assert db.session.scalar(select(Registration)) is None


def test_verifying_does_not_sign_in(browse, mailbox, work):
    browse.submit("/sign-up", FIELDS)
    work()

    browse.submit(link_in(mailbox.wait_for("bich@example.com").text, "/verify-email/"))

    assert browse.get("/overview").status_code == 303


def test_clause_2_1_an_organisation_signs_up_with_its_name(app, browse, mailbox, work):
    browse.submit("/sign-up", FIELDS | {"kind": "organisation", "company_name": "Khách sạn Biển Xanh"})
    work()

    browse.submit(link_in(mailbox.wait_for("bich@example.com").text, "/verify-email/"))

    with app.app_context():
        customer = db.session.scalar(select(Customer))
        assert (customer.kind, customer.company_name) == ("organisation", "Khách sạn Biển Xanh")


def test_a_known_address_sees_the_same_page_and_gets_a_letter_that_explains(
    app, browse, make_customer, mailbox, work
):
    known = make_customer(email="bich@example.com").admin

    reply = browse.submit("/sign-up", FIELDS)
    work()

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-up/sent")
    assert [letter.name for letter in mailbox.letters(known.email)] == ["joining/already-here"]
    with app.app_context():
        assert db.session.scalar(select(Registration)) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "a@example.com\nBcc: b@example.com"),
        ("email", "ạ@example.com"),
        ("full_name", ""),
        ("full_name", "x" * 201),
        ("full_name", "nul\x00byte"),
        ("password", "short"),
        ("password", "x" * 129),
        ("password", "password1"),
        ("password", "matkhau123"),
        ("password", "bich@example.com"),
        ("age_confirmed", ""),
        ("accept_policy", ""),
        ("kind", "robot"),
        ("company_name", "x" * 201),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(app, browse, mailbox, work, field, value):
    reply = browse.submit("/sign-up", FIELDS | {field: value})
    work()

    text = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert "field-error" in text
    assert mailbox.empty()
    assert field == "full_name" or "Trần Thị Bích" in text
    assert FIELDS["password"] not in text


def test_an_organisation_needs_a_name(browse):
    reply = browse.submit("/sign-up", FIELDS | {"kind": "organisation"})

    assert reply.status_code == 422
    assert "name of your organisation" in reply.get_data(as_text=True)


def test_a_link_works_once_and_three_days(browse, mailbox, work, move_clock):
    browse.submit("/sign-up", FIELDS)
    work()
    link = link_in(mailbox.wait_for("bich@example.com").text, "/verify-email/")
    move_clock(days=3, seconds=5)

    assert browse.get(link).status_code == 404
    move_clock(days=2)
    assert browse.submit(link).status_code == 303
    assert browse.get(link).status_code == 404


def test_a_forged_link_is_a_clean_404(browse):
    assert browse.get("/verify-email/nonsense").status_code == 404


def test_signing_up_works_with_every_cookie_refused(app, mailbox, work):

    refusing = Browse(app, cookies=False)

    reply = refusing.submit("/sign-up", FIELDS)
    work()

    assert reply.status_code == 303
    assert mailbox.wait_for("bich@example.com").name == "joining/verify"


def test_a_letter_stays_in_the_readers_language(app, mailbox, work):

    Browse(app, language="vi").submit("/sign-up", FIELDS)
    work()

    assert "Xác minh" in mailbox.wait_for("bich@example.com").subject
