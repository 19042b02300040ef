"""Signing up: a letter, a press, an account; and nothing that tells who is a customer."""

from unicodedata import normalize

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Customer, User
from portal.core import clock
from portal.core.database import db
from portal.joining.models import Registration
from tests.support.browse import Browse, link_in, token_of

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
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


def test_a_post_without_the_cookie_of_the_form_gets_none_whoever_has_the_address(app, make_customer):
    make_customer(email="khac@example.com")
    token = token_of(Browse(app).get("/sign-up"))
    posts = [FIELDS, FIELDS | {"email": "khac@example.com"}, FIELDS | {"full_name": ""}]

    replies = [Browse(app).post("/sign-up", fields | {"csrf_token": token}) for fields in posts]

    assert [reply.status_code for reply in replies] == [303, 303, 422]
    assert [reply.headers.getlist("Set-Cookie") for reply in replies] == [[], [], []]


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


def test_a_known_address_sees_the_same_page_and_gets_a_letter_that_explains(app, browse, make_customer, mailbox, work):
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


def test_both_answers_to_a_sign_up_look_the_same_from_outside(app, make_customer):
    make_customer(email="known@example.com")

    replies = [Browse(app).submit("/sign-up", FIELDS | {"email": e}) for e in ("known@example.com", "new@example.com")]

    known, unknown = [(r.status_code, r.headers["Location"], sorted(r.headers.keys())) for r in replies]
    assert known == unknown


def test_two_sign_ups_with_one_address_make_one_account(app, browse, mailbox, work):
    for name in ("Trần Thị Bích", "Bích again"):
        browse.submit("/sign-up", FIELDS | {"full_name": name})
    work()
    links = [link_in(letter.text, "/verify-email/") for letter in mailbox.letters("bich@example.com")]
    pages = [browse.get(link) for link in links]
    assert [page.status_code for page in pages] == [200, 200]

    browse.submit(links[1])

    assert browse.get(links[0]).status_code == 404
    with app.app_context():
        assert [user.full_name for user in db.session.scalars(select(User))] == ["Bích again"]
        assert db.session.scalar(select(Registration)) is None


def test_a_button_pressed_twice_opens_one_account(app, browse, mailbox, work):
    browse.submit("/sign-up", FIELDS)
    work()
    link = link_in(mailbox.wait_for("bich@example.com").text, "/verify-email/")
    token = token_of(browse.get(link))

    replies = [browse.post(link, {"csrf_token": token}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [303, 404]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_the_mailbox_owner_ends_a_sign_up_prepared_by_somebody_else(app, browse, mailbox, work):
    browse.submit("/sign-up", FIELDS | {"password": "the attacker knows this"})
    browse.submit("/sign-up", FIELDS)
    work()

    browse.submit(link_in(mailbox.letters("bich@example.com")[-1].text, "/verify-email/"))

    attempt = {"email": "bich@example.com", "password": "the attacker knows this"}
    assert browse.submit("/sign-in", attempt).status_code == 422


def test_fields_that_are_not_on_the_form_change_nothing(app, browse, mailbox, work):
    more = {
        "role": "staff",
        "is_smartos": "1",
        "is_staff": "1",
        "features": "policies",
        "email_verified": "1",
        "id": "1",
    }
    browse.submit("/sign-up", FIELDS | more)
    work()
    browse.submit(link_in(mailbox.wait_for("bich@example.com").text, "/verify-email/"))

    with app.app_context():
        user = db.session.scalars(select(User)).one()
        assert (user.role, user.customer.is_smartos, user.granted) == ("admin", False, [])
        assert "policies" not in user.customer.features


def test_a_company_name_given_by_an_individual_is_not_kept(app, browse):
    browse.submit("/sign-up", FIELDS | {"company_name": "Khách sạn Biển Xanh"})

    with app.app_context():
        assert db.session.scalar(select(Registration.company_name)) == ""


def test_clause_8_7_a_sign_up_nobody_verified_is_dropped_after_three_days(app, browse, move_clock):
    browse.submit("/sign-up", FIELDS)
    move_clock(days=3.1)

    with app.app_context():
        for statement in app.extensions["datamap"].outdated(clock.now()):
            db.session.execute(statement)
        db.session.commit()
        assert db.session.scalar(select(Registration)) is None


@ON_SQLITE
@pytest.mark.parametrize(
    "name", ["Trần Thị Bích", "O'Brien", "<script>alert(1)</script>", "{{7*7}}", "=HYPERLINK(1)", "李小龙", "👩‍🌾 Bích"]
)
def test_a_name_is_kept_just_as_it_was_typed(app, browse, mailbox, work, name):
    for form in ("NFC", "NFD"):
        browse.submit("/sign-up", FIELDS | {"full_name": normalize(form, name)})
    work()

    with app.app_context():
        assert set(db.session.scalars(select(Registration.full_name))) == {normalize("NFC", name)}
    asked = mailbox.wait_for("bich@example.com", "joining/verify")
    assert normalize("NFC", name) not in asked.text  # whoever typed the address may have typed anything as a name
    browse.submit(link_in(asked.text, "/verify-email/"))
    work()
    letter = mailbox.wait_for("bich@example.com", "joining/welcome")
    assert normalize("NFC", name) in letter.text
    assert "<script>alert" not in letter.html


@ON_SQLITE
def test_signing_up_too_often_is_stopped(browse, move_clock):
    move_clock(hours=1)
    token = token_of(browse.get("/sign-up"))

    codes = [browse.post("/sign-up", {"csrf_token": token}).status_code for _ in range(61)]

    assert codes == [422] * 60 + [429]


@ON_SQLITE
def test_one_address_is_not_flooded_with_letters(browse, mailbox, work, move_clock):
    move_clock(hours=1)
    codes = [browse.submit("/sign-up", FIELDS).status_code for _ in range(10)]

    codes.append(browse.post("/sign-up", FIELDS | {"csrf_token": token_of(browse.get("/sign-up"))}).status_code)

    work()
    assert codes == [303] * 10 + [429]
    assert len(mailbox.letters("bich@example.com")) == 10


@ON_SQLITE
def test_who_is_signed_in_has_an_account_already(browse_as, make_customer):
    reply = browse_as(make_customer().admin).get("/sign-up")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
