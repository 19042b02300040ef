"""What changes for you: three lines that are true of this person, by the clauses that change (clause 12.3)."""

import re
from datetime import date

import pytest

from portal.accounts.models import Customer, Kind, Product, User
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from portal.notices.models import Delivery, NoticeText
from portal.policies import for_you, subjects, topics, versions, whom
from portal.policies.models import PolicyKind
from portal.signin.factors.models import Passkey

PUBLISH = "/staff/policies/privacy/2/publish"


@pytest.fixture
def set_on(app):
    """Writes columns of a person, or of their customer."""

    def write(user, model=User, **columns):
        with app.app_context():
            row = db.session.get_one(model, user.id if model is User else user.customer_id)
            for name, value in columns.items():
                setattr(row, name, value)
            db.session.commit()

    return write


@pytest.fixture
def lines_of(mailbox, work):
    """The lines under "What changes for you" of the letter that somebody got."""

    def read(user):
        work()
        letter = mailbox.wait_for(user.email, "policies/changed")
        return re.findall(r"^• (.+)$", letter.text, re.MULTILINE)

    return read


@pytest.fixture
def holds(app):
    """Whether a condition is true of somebody."""

    def ask(user, condition):
        with app.app_context():
            return db.session.scalar(db.select(condition).where(User.id == user.id))

    return ask


def starts(lines):
    return [line.partition(".")[0] for line in lines]


def test_clause_12_3_each_of_five_people_reads_three_lines_that_are_true_of_them(
    make_customer, shipped, allow, link, set_on, lines_of
):
    plain, binh = make_customer().admin, make_customer().admin
    hotel = make_customer(Kind.ORGANISATION, staff=1)
    leaving = make_customer().admin
    allow(binh, ConsentPurpose.PROMOTIONS, ConsentPurpose.LOCATION)
    link(binh, "google")
    allow(leaving, ConsentPurpose.PROMOTIONS)
    allow(leaving, ConsentPurpose.PROMOTIONS, granted=False)
    set_on(leaving, closing_since=clock.now())

    shipped.change("2.3", "4.3", "4.5", "6.1", "8.2")

    none = [
        "You allow no marketing mail",
        "You do not allow us your location",
        "You linked neither Google nor Facebook",
    ]
    assert starts(lines_of(plain)) == none
    assert starts(lines_of(binh)) == [
        "You allow us marketing mail", "You allow us to use your location", "You linked Google",
    ]  # fmt: skip
    assert starts(lines_of(hotel.admin)) == ["You are an Admin User", *none[:2]]
    assert starts(lines_of(hotel.staff[0])) == ["You are a Staff User", *none[:2]]
    assert starts(lines_of(leaving)) == ["Your account is closing", *none[:2]]


def test_the_lines_name_the_clauses_that_change(make_customer, shipped, lines_of):
    alice = make_customer().admin
    shipped.change("8.2", "8.3")

    assert lines_of(alice)[0].endswith("(8.2, 8.3)")


def test_a_change_that_touches_nobody_leaves_three_closing_lines(make_customer, shipped, lines_of):
    alice = make_customer().admin
    shipped.change("11.1")

    assert starts(lines_of(alice)) == [
        "Nothing you have allowed changes by itself: what is off stays off",
        "You go on seeing your data, and can take it along or erase it yourself at any time",
        "You need not do anything",
    ]


def test_other_numbers_than_our_own_are_not_taken_for_ours(make_customer, documents, lines_of):
    alice = make_customer().admin
    text = "1. About\nAbout us.\n2. More\nMore.\n3. Yet more\nMore.\n4. Rooms\n4.1 Beds: We have beds.\n4.2 Baths: {}\n"
    documents.publish(documents.draft(text.format("One bath."), text.format("Một bồn tắm.")))
    documents.publish(documents.draft(text.format("Two baths."), text.format("Hai bồn tắm.")), severity="major")

    assert starts(lines_of(alice))[0].startswith("Nothing you have allowed")


def test_a_clause_that_only_moved_concerns_nobody(app, documents):
    before = "1. About\nAbout us.\n2. Words\n2.1 Beds: Beds.\n2.2 Admin User: An Admin User holds the rights.\n"
    after = "1. About\nAbout us.\n2. Words\n2.1 Admin User: An Admin User holds the rights.\n"
    documents.publish(documents.draft(before, before))
    documents.draft(after, after)

    with app.app_context():
        old, new = versions.find(PolicyKind.PRIVACY, 1), versions.find(PolicyKind.PRIVACY, 2)

        assert for_you.prepared(new, old).touched == []


def test_the_terms_have_lines_of_their_own(make_customer, shipped, set_on, lines_of):
    alice = make_customer(Kind.ORGANISATION).admin
    set_on(alice, Customer, contract_end=date(2099, 1, 1))
    shipped.change("2.3", "4.1", "8.1", kind=PolicyKind.TERMS)

    assert starts(lines_of(alice)) == [
        "You are an Admin User", "Your package contains Smartos Booking", "Your contract has a last day",
    ]  # fmt: skip


def test_the_letter_the_inbox_and_the_delivery_tell_the_same(app, browse_as, make_customer, shipped, lines_of):
    alice = make_customer().admin
    notice = shipped.change("4.3", "4.5")
    lines = lines_of(alice)

    page = browse_as(alice).get(f"/inbox/{notice}").get_data(as_text=True)
    shown = [
        re.sub(r"\s*<a .*", "", line)
        for line in re.findall(r"<li>(.+?)</li>", page.partition('id="main"')[2].partition("</main>")[0])
    ]

    assert shown == lines
    with app.app_context():
        mask = db.session.scalar(db.select(Delivery.concerns).where(Delivery.user_id == alice.id))
        kept = db.session.scalars(db.select(NoticeText.lines).where(NoticeText.locale == "en")).one()
        assert [line["text"] for i, line in enumerate(kept) if mask >> i & 1][:3] == [f"• {line}" for line in lines]


def test_features_and_products_are_read_alike_on_both_databases(make_customer, set_on, holds):
    hotel = make_customer(staff=1)
    staff = hotel.staff[0]
    set_on(staff, Customer, features=["customer-export", "content"], products=["booking"])

    assert holds(hotel.admin, whom.may(Feature.CONTENT))
    assert not holds(hotel.admin, whom.may(Feature.CONTRACT))
    assert not holds(staff, whom.may(Feature.CONTENT))
    set_on(staff, granted=["content"])
    assert holds(staff, whom.may(Feature.CONTENT))
    assert holds(staff, whom.uses(Product.BOOKING))
    assert not holds(staff, whom.uses(Product.PMS))


def test_a_passkey_and_a_phone_count_once_they_are_there(app, make_customer, set_on, holds):
    alice, binh = make_customer().admin, make_customer().admin
    set_on(alice, phone="+84905777123")
    with app.app_context():
        db.session.add(Passkey(user_id=alice.id, credential_id=b"1", public_key=b"2", name="Phone"))
        db.session.commit()

    for condition in (whom.has_passkey(), whom.has_phone()):
        assert holds(alice, condition)
        assert not holds(binh, condition)
    assert not holds(alice, whom.has_second_step())


def test_a_customer_that_closes_closes_all_its_people(make_customer, set_on, holds):
    hotel, other = make_customer(staff=1), make_customer().admin
    set_on(hotel.admin, Customer, closing_since=clock.now())

    assert holds(hotel.staff[0], whom.is_closing())
    assert not holds(other, whom.is_closing())


@pytest.mark.parametrize("kind", list(PolicyKind))
def test_every_topic_names_clauses_that_our_own_text_has_and_all_fit_into_the_mask(app, shipped, kind):
    shipped.publish()

    with app.app_context():
        text = versions.in_force(kind).text("en")
        known = subjects.with_subject(kind, text.clauses)

    for topic in topics.TOPICS[kind]:
        for prefix in topic.clauses:
            assert any(subjects.is_under(number, prefix) for number in known), (topic.name, prefix)
    assert len(topics.TOPICS[kind]) + len(topics.CLOSING) <= 31


def test_whoever_is_concerned_by_everything_still_reads_three(app, make_customer, shipped, allow, link, lines_of):
    alice = make_customer(Kind.ORGANISATION).admin
    allow(alice, *ConsentPurpose)
    link(alice, "google")
    link(alice, "facebook")
    shipped.change("1.1", "2.2", "2.4", "3.1", "3.3", "4.3", "4.4", "4.5", "4.8", "5.2", "6.1", "8.2", "9.1")

    assert starts(lines_of(alice)) == [
        "You allow us marketing mail", "You allow us to use your location", "You linked Google and Facebook",
    ]  # fmt: skip


def test_an_officer_sees_the_letter_and_whom_each_line_concerns_before_publishing(
    browse_as, make_customer, make_operator, shipped, allow, mailbox
):
    lan, alice = make_operator(), make_customer().admin
    make_customer(locale="vi")
    allow(alice, ConsentPurpose.EVENTS)
    shipped.draft("4.5")
    officer = browse_as(lan)

    first = officer.get(PUBLISH).get_data(as_text=True)
    typed = {"severity": "major", "summary_en": "Plainer words.", "effective_on": "2099-03-01", "preview": "1"}
    again = officer.submit(PUBLISH, typed)

    assert again.status_code == 200
    page = again.get_data(as_text=True)
    for words in (
        "Plainer words.",
        "March 1, 2099",
        "ngày 1 tháng 3, 2099",
        "You allow no marketing mail",
        lan.full_name,
    ):
        assert words in page
    assert re.search(r"You allow us marketing mail[^<]*</dt><dd>1 person</dd>", first)
    assert re.search(r"You allow no marketing mail[^<]*</dt><dd>2 people</dd>", first)
    assert re.search(r"Bạn không đồng ý nhận thư quảng cáo[^<]*</dt><dd>2 people</dd>", first)
    assert mailbox.empty()
    assert "Version 2" not in officer.get("/privacy-policy/versions").get_data(as_text=True)


def test_the_preview_stays_while_a_mistake_is_mended(browse_as, make_operator, shipped):
    shipped.draft("4.5")

    reply = browse_as(make_operator()).submit(PUBLISH, {"severity": "major", "effective_on": "2020-01-01"})

    assert reply.status_code == 422
    assert "What changes for you" in reply.get_data(as_text=True)
