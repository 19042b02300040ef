"""Whom no letter reached can be called: masked, until somebody gives a reason and proves who they are."""

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from tests.support.browse import hidden_of
from tests.support.desk import agree, draft, submit
from tests.support.people import PASSWORD

PHONE = "+84905123456"


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def lan(officer, browse_as):
    return browse_as(officer)


@pytest.fixture
def missed(make_customer):
    """Somebody with a phone number whom letters do not reach."""
    return make_customer(full_name="Trần Thị Bích", email="bich@gone.example.com", phone=PHONE).admin


@pytest.fixture
def page(lan, missed, make_customer, mailbox, work):
    make_customer(phone="+84905999999")
    mailbox.refuse(missed.email)
    page = draft(lan)
    submit(lan, page)
    work()
    return page


def acts(app) -> list:
    with app.app_context():
        return list(db.session.scalars(db.select(AuditEntry).where(AuditEntry.act == "notice.call-opened")))


def test_the_list_is_masked_at_first_and_names_only_whom_no_letter_reached(app, lan, page):
    shown = lan.get(f"{page}/calls").get_data(as_text=True)

    assert "T••• T••• B•••" in shown
    assert "+84 ••• ••• 56" in shown
    assert PHONE not in shown
    assert "Bích" not in shown
    assert "99" not in shown.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "1 person to reach by phone" in lan.get(page).get_data(as_text=True)
    assert acts(app) == []


def test_a_reason_opens_names_and_numbers_once_and_is_on_record_for_each(app, lan, page, officer, missed):
    reply = lan.submit(f"{page}/calls", {"reason": "The booking system moves tonight"})
    after = lan.get(f"{page}/calls").get_data(as_text=True)

    shown = reply.get_data(as_text=True)
    (act,) = acts(app)
    assert "Trần Thị Bích" in shown
    assert "+84 905 123 456" in shown
    assert "Bích" not in after
    assert (act.actor_id, act.subject_id, act.customer_id) == (officer.id, missed.id, missed.customer_id)
    assert act.reason_digest
    assert "booking" not in act.reason_digest


def test_without_a_reason_nothing_opens(app, lan, page):
    reply = lan.submit(f"{page}/calls", {"reason": "   "})

    assert reply.status_code == 422
    assert "Bích" not in reply.get_data(as_text=True)
    assert acts(app) == []


def test_opening_asks_for_a_fresh_proof(app, lan, page, officer, move_clock):
    move_clock(seconds=11 * 60)

    reply = lan.submit(f"{page}/calls", {"reason": "The booking system moves tonight"})

    assert reply.headers["Location"].startswith(f"/confirm-identity?next={page}/calls")
    assert acts(app) == []
    lan.submit("/confirm-identity", {"password": PASSWORD, "code": lan.code_for(officer)})
    assert lan.submit(f"{page}/calls", {"reason": "Moves tonight"}).status_code == 200


def test_nobody_is_called_about_advertising(app, lan, missed, mailbox, work):
    agree(app, missed)
    mailbox.refuse(missed.email)
    page = draft(lan, kind="campaigns")
    submit(lan, page)
    work()

    assert lan.get(f"{page}/calls").status_code == 404
    assert lan.post(f"{page}/calls", {**hidden_of(lan.get(page)), "reason": "x"}).status_code == 404
    assert "to reach by phone" not in lan.get(page).get_data(as_text=True)


def test_who_only_writes_campaigns_opens_no_list(make_operator, browse_as, page):
    assert browse_as(make_operator(("campaigns",))).get(f"{page}/calls").status_code == 403


def test_somebody_without_a_number_is_not_on_the_list(app, lan, page, missed):
    with app.app_context():
        db.session.execute(db.update(User).where(User.id == missed.id).values(phone=""))
        db.session.commit()

    assert "Nobody to call" in lan.get(f"{page}/calls").get_data(as_text=True)
