"""Whom a notice reaches, foreseen before it goes and written in one statement."""

import pytest

from portal.accounts.models import Customer, Product, User
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.notices.composing import audience
from portal.notices.models import Delivery, Notice, NoticeKind
from tests.support.desk import agree, draft


@pytest.fixture
def written(app):
    """Writes the audience of a notice like this: the addresses, by state."""

    def write(kind: NoticeKind = NoticeKind.SERVICE, **columns) -> dict[str, str]:
        with app.app_context():
            notice = Notice(kind=kind, letter="notices/service", **columns)
            db.session.add(notice)
            db.session.flush()
            foreseen = audience.foresee(notice)
            assert audience.write(notice) == foreseen.recipients
            rows = db.session.execute(
                db.select(User.email, Delivery.state)
                .join(User, Delivery.user_id == User.id)
                .where(Delivery.notice_id == notice.id)
            )
            found = {email: state.value for email, state in rows}
            assert list(found.values()).count("queued") == foreseen.reached
            assert {one.address for one in audience.sample(notice)} <= {audience.masked(email) for email in found}
            return found

    return write


def change(app, model, row_id, **columns) -> None:
    with app.app_context():
        db.session.execute(db.update(model).where(model.id == row_id).values(**columns))
        db.session.commit()


def test_a_service_notice_to_all_reaches_all(make_customer, written):
    people = [make_customer(staff=1), make_customer(locale="vi")]

    addresses = {people[0].admin.email, people[0].staff[0].email, people[1].admin.email}

    assert set(written()) == addresses


def test_product_package_and_language_narrow_it_down_together(app, make_customer, written):
    an, binh, chi = (make_customer(locale=locale) for locale in ("en", "en", "vi"))
    change(app, Customer, an.id, products=["pms"], package="Professional")
    change(app, Customer, binh.id, products=["booking", "pms"])
    change(app, Customer, chi.id, products=["bespoke"])

    assert set(written(only_product=Product.PMS)) == {an.admin.email, binh.admin.email}
    assert set(written(only_product=Product.BESPOKE)) == {chi.admin.email}
    assert set(written(only_package="Professional")) == {an.admin.email}
    assert set(written(only_locale="vi")) == {chi.admin.email}
    assert set(written(only_product=Product.PMS, only_package="Starter", only_locale="en")) == {binh.admin.email}
    assert written(only_product=Product.BESPOKE, only_locale="en") == {}


def test_who_withdrew_or_leaves_gets_no_advertising(app, make_customer, written):
    an, binh, chi, dung, em = (make_customer() for _ in range(5))
    agree(app, an.admin, chi.admin, dung.admin)
    agree(app, em.admin, to="events")
    change(app, User, chi.admin.id, closing_since=clock.now())
    change(app, Customer, dung.id, closing_since=clock.now())

    found = written(NoticeKind.CAMPAIGN, purpose=ConsentPurpose.PROMOTIONS)

    assert found == {an.admin.email: "queued"}
    assert set(written()) == {made.admin.email for made in (an, binh, chi, dung, em)}


@pytest.mark.parametrize("kind", [NoticeKind.POLICY, NoticeKind.SERVICE])
def test_who_leaves_is_still_told_of_policies_and_the_service(app, make_customer, written, kind):
    leaving = make_customer()
    change(app, User, leaving.admin.id, closing_since=clock.now())

    assert written(kind) == {leaving.admin.email: "queued"}


@pytest.mark.parametrize("kind", [NoticeKind.POLICY, NoticeKind.SERVICE])
def test_whose_letters_came_back_is_held_back_at_once(app, make_customer, written, kind):
    an, binh = make_customer(), make_customer()
    change(app, User, binh.admin.id, mail_returned_at=clock.now())

    assert written(kind) == {an.admin.email: "queued", binh.admin.email: "suppressed"}


def test_each_reader_carries_the_lines_that_concern_them(app, make_customer):
    vietnamese, english = make_customer(locale="vi").admin, make_customer(locale="en").admin
    with app.app_context():
        notice = Notice(kind=NoticeKind.POLICY, letter="policies/changed")
        db.session.add(notice)
        db.session.flush()

        audience.write(notice, concerns=db.case((User.locale == "vi", 5), else_=2))

        marks = dict(db.session.execute(db.select(Delivery.user_id, Delivery.concerns)).all())
    assert marks == {vietnamese.id: 5, english.id: 2}


def test_an_audience_is_one_statement_whatever_its_size(app, make_customer, statements):
    def cost(people: int) -> int:
        agree(app, *(make_customer().admin for _ in range(people)))
        with app.app_context():
            notice = Notice(
                kind=NoticeKind.CAMPAIGN, letter="notices/campaign", purpose=ConsentPurpose.PROMOTIONS, only_locale="en"
            )
            db.session.add(notice)
            db.session.flush()
            with statements() as seen:
                audience.write(notice)
            assert db.session.scalar(db.select(db.func.count()).select_from(Delivery)) >= people
        return len(seen)

    assert cost(2) == cost(8) == 2


def test_the_draft_shows_how_many_who_for_example_and_who_is_held_back(app, make_customer, make_operator, browse_as):
    an, binh, chi, _dung = (make_customer() for _ in range(4))
    agree(app, an.admin, binh.admin, chi.admin)
    change(app, User, binh.admin.id, mail_returned_at=clock.now())
    change(app, User, chi.admin.id, closing_since=clock.now())
    lan = browse_as(make_operator())

    shown = lan.get(draft(lan, kind="campaigns")).get_data(as_text=True)

    assert '<p class="number-big">1</p>' in shown
    assert "Earlier letters came back; they see a banner instead: 1" in shown
    assert "Did not agree to this kind of advertising: 2" in shown  # Dũng and Lan herself
    assert "Are closing their account: 1" in shown
    assert audience.masked(an.admin.email) in shown
    assert an.admin.email not in shown
