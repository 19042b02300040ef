"""The inbox: the notices sent to one person, read in the portal, and the banner until they are (clauses 4.6, 12.3)."""

import re
from datetime import timedelta

import pytest

from portal.accounts.models import User
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.core.features import Feature
from portal.notices import service
from portal.notices.inbox.reading import GOING_OUT
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind, NoticeState, NoticeText

BANNER = "waits to be read"
SHEET = '<div class="sheet" style="color: #123"><h1>Said twice</h1><p>Hello '
STOP = '. <a href="'
REST = (
    ',</p><p style="color: red">The service rests on Sunday. <a href="https://example.com/rest" style="x">More</a></p>'
    '<p class="action-plain">https://example.com/rest</p></div><div class="foot"><p>At the foot</p></div>'
)


@pytest.fixture
def send(app):
    """Plants a notice as a sending leaves it: one delivery for each reader."""

    def plant(*readers, kind=NoticeKind.SERVICE, delivery=DeliveryState.SENT, notice=NoticeState.DONE, **more):
        with app.app_context():
            letter = {"service": "notices/service", "campaign": "notices/campaign"}.get(kind.value, "policies/changed")
            started_at = clock.now() if notice in GOING_OUT else None
            row = Notice(kind=kind, letter=letter, state=notice, started_at=started_at, **more)
            db.session.add(row)
            db.session.flush()
            for locale, subject in (("en", "We rest on Sunday"), ("vi", "Chủ nhật hệ thống nghỉ")):
                html = [SHEET, "full_name", REST]
                if kind == NoticeKind.CAMPAIGN:
                    html = [SHEET, "full_name", STOP, "unsubscribe", '">Stop</a>' + REST]
                db.session.add(
                    NoticeText(notice_id=row.id, locale=locale, subject=subject, text=["", "full_name", ""], html=html)
                )
            for reader in readers:
                sent_at = clock.now() if delivery == DeliveryState.SENT else None
                db.session.add(
                    Delivery(
                        notice_id=row.id,
                        user_id=reader.id,
                        letter=letter,
                        state=delivery,
                        queued_at=clock.now(),
                        sent_at=sent_at,
                    )
                )
            db.session.commit()
            return row.id

    return plant


@pytest.fixture
def read_at(app):
    def ask(reader, notice_id):
        with app.app_context():
            row = db.select(Delivery.read_at).where(Delivery.user_id == reader.id, Delivery.notice_id == notice_id)
            return db.session.scalar(row)

    return ask


def main_of(reply):
    return reply.get_data(as_text=True).partition('id="main"')[2].partition("</main>")[0]


def test_a_person_reads_in_the_inbox_what_was_mailed_in_their_language(browse_as, make_customer, send):
    alice, binh = make_customer(full_name="Alice <b>Bold</b>").admin, make_customer(locale="vi").admin
    notice = send(alice, binh)

    hers, his = browse_as(alice).get(f"/inbox/{notice}"), browse_as(binh).get(f"/inbox/{notice}")

    assert hers.status_code == his.status_code == 200
    assert "We rest on Sunday" in main_of(hers)
    assert "Chủ nhật hệ thống nghỉ" in main_of(his)
    assert "Hello Alice &lt;b&gt;Bold&lt;/b&gt;," in main_of(hers)
    assert 'href="https://example.com/rest"' in main_of(hers)


def test_only_plain_elements_come_through(browse_as, make_customer, send):
    alice = make_customer().admin
    page = main_of(browse_as(alice).get(f"/inbox/{send(alice)}"))

    assert "style=" not in page
    for gone in ("Said twice", "At the foot", "action-plain"):
        assert gone not in page


def test_opening_marks_read_once_and_the_list_shows_it(browse_as, make_customer, send, read_at, move_clock):
    alice = make_customer().admin
    notice = send(alice)
    browser = browse_as(alice)
    assert "inbox-unread" in main_of(browser.get("/inbox"))

    browser.client.head(f"/inbox/{notice}")
    assert read_at(alice, notice) is None
    browser.get(f"/inbox/{notice}")
    first = read_at(alice, notice)
    move_clock(seconds=60)
    browser.get(f"/inbox/{notice}")

    assert first is not None
    assert read_at(alice, notice) == first
    assert "inbox-unread" not in main_of(browser.get("/inbox"))


def test_nobody_reads_anybody_elses_notice(browse, browse_as, make_customer, send, read_at):
    alice, binh = make_customer().admin, make_customer().admin
    notice = send(alice)

    assert browse_as(binh).get(f"/inbox/{notice}").status_code == 404
    assert "We rest" not in main_of(browse_as(binh).get("/inbox"))
    assert browse.get("/inbox").status_code == 303
    assert read_at(alice, notice) is None


@pytest.mark.parametrize(
    "path", ["/inbox/1", "/inbox/%00", "/inbox?before=x", "/inbox/00000000-0000-0000-0000-000000000000"]
)
def test_what_is_not_there_is_not_found(browse_as, make_customer, path):
    assert browse_as(make_customer().admin).get(path).status_code == 404


def test_the_banner_stays_until_the_notice_is_read(browse_as, make_customer, send):
    alice = make_customer().admin
    notice = send(alice)
    browser = browse_as(alice)

    assert BANNER in main_of(browser.get("/profile"))
    assert BANNER in main_of(browser.get("/profile"))
    assert BANNER not in main_of(browser.get("/inbox"))
    browser.get(f"/inbox/{notice}")

    assert BANNER not in main_of(browser.get("/profile"))


def test_the_menu_counts_what_is_unread(browse_as, make_customer, send):
    alice = make_customer().admin
    notices = [send(alice), send(alice, kind=NoticeKind.CAMPAIGN, purpose=ConsentPurpose.EVENTS)]
    browser = browse_as(alice)

    counts = [count_in(browser.get("/profile"))]
    for notice in notices:
        browser.get(f"/inbox/{notice}")
        counts.append(count_in(browser.get("/profile")))

    assert counts == [2, 1, 0]


def count_in(reply):
    found = re.search(r'class="menu-count">.*?(\d+)</span>', reply.get_data(as_text=True), re.DOTALL)
    return int(found[1]) if found else 0


def test_advertising_gets_no_banner_and_shows_the_link_that_stops_it(browse_as, make_customer, send):
    alice = make_customer().admin
    notice = send(alice, kind=NoticeKind.CAMPAIGN, purpose=ConsentPurpose.EVENTS)
    browser = browse_as(alice)

    assert BANNER not in main_of(browser.get("/profile"))
    assert 'href="http://localhost:8000/unsubscribe/' in main_of(browser.get(f"/inbox/{notice}"))


@pytest.mark.parametrize(
    ("kind", "delivery", "notice", "is_shown"),
    [
        (NoticeKind.SERVICE, DeliveryState.SENT, NoticeState.SENDING, True),
        (NoticeKind.SERVICE, DeliveryState.BOUNCED, NoticeState.DONE, True),
        (NoticeKind.SERVICE, DeliveryState.SUPPRESSED, NoticeState.DONE, True),
        (NoticeKind.SERVICE, DeliveryState.QUEUED, NoticeState.CANARY, False),
        (NoticeKind.SERVICE, DeliveryState.QUEUED, NoticeState.AWAITING_APPROVAL, False),
        (NoticeKind.SERVICE, DeliveryState.CANCELLED, NoticeState.CANCELLED, False),
        (NoticeKind.CAMPAIGN, DeliveryState.SENT, NoticeState.SENDING, True),
        (NoticeKind.CAMPAIGN, DeliveryState.QUEUED, NoticeState.SENDING, False),
        (NoticeKind.CAMPAIGN, DeliveryState.SUPPRESSED, NoticeState.SENDING, False),
        (NoticeKind.CAMPAIGN, DeliveryState.CANCELLED, NoticeState.DONE, False),
        (NoticeKind.POLICY, DeliveryState.QUEUED, NoticeState.SENDING, True),
        (NoticeKind.POLICY, DeliveryState.SUPPRESSED, NoticeState.SENDING, True),
        (NoticeKind.POLICY, DeliveryState.QUEUED, NoticeState.AWAITING_APPROVAL, False),
        (NoticeKind.POLICY, DeliveryState.CANCELLED, NoticeState.CANCELLED, False),
    ],
)
def test_a_notice_is_there_once_it_went_out(browse_as, make_customer, send, kind, delivery, notice, is_shown):
    alice = make_customer().admin
    purpose = ConsentPurpose.EVENTS if kind == NoticeKind.CAMPAIGN else None
    sent = send(alice, kind=kind, delivery=delivery, notice=notice, purpose=purpose)
    browser = browse_as(alice)

    assert browser.get(f"/inbox/{sent}").status_code == (200 if is_shown else 404)
    assert ("We rest on Sunday" in main_of(browser.get("/inbox"))) == is_shown


def test_who_gets_no_letters_reads_a_notice_only_once_it_was_approved(
    app, browse_as, make_customer, make_operator, sendings, monkeypatch
):
    monkeypatch.setattr(service, "ALONE_UP_TO", 1)
    alice, lan, minh = make_customer().admin, make_operator(), make_operator()
    with app.app_context():
        db.session.get_one(User, alice.id).mail_returned_at = clock.now()
        db.session.commit()
    browser = browse_as(alice)

    notice = sendings.service(lan)
    waiting = browser.get(f"/inbox/{notice}").status_code, "Tin mới" in main_of(browser.get("/inbox"))
    sendings.act(service.approve, notice, by=minh)

    assert waiting == (404, False)
    assert browser.get(f"/inbox/{notice}").status_code == 200


def test_the_newest_come_first_twenty_on_a_page(browse_as, make_customer, send):
    alice = make_customer().admin
    notices = [str(send(alice)) for _ in range(21)]
    browser = browse_as(alice)

    first = main_of(browser.get("/inbox"))
    older = re.search(r'href="(/inbox\?before=[^"]+)"', first)
    assert older
    second = main_of(browser.get(older[1]))

    assert re.findall(r'href="/inbox/([^"]+)"', first) == notices[:0:-1]
    assert re.findall(r'href="/inbox/([^"]+)"', second) == notices[:1]
    assert "before=" not in second


def test_a_policy_notice_is_not_told_twice_on_one_page(browse_as, make_customer, documents):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    browser = browse_as(alice)

    before = main_of(browser.get("/profile"))
    assert "Privacy policy: a new version" in before
    assert BANNER not in before
    browser.submit("/profile", {"full_name": "Lê Văn Bình", "contact_address": "", "locale": "en"})

    after = main_of(browser.get("/profile"))
    assert "Privacy policy: a new version" not in after
    assert BANNER in after


def test_reading_the_inbox_is_no_use_of_the_service(browse_as, make_customer, documents, move_clock):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    browse_as(alice).get("/overview")
    move_clock(seconds=5)

    again = browse_as(alice)
    page = main_of(again.get("/inbox"))
    again.get("/inbox")

    assert "Privacy policy: a new version" in page
    assert "Privacy policy: a new version" in main_of(again.get("/inbox"))


def test_the_inbox_stays_readable_while_an_account_closes(browse_as, make_customer, send, app, read_at):
    customer = make_customer()
    notice = send(customer.admin)
    browser = browse_as(customer.admin)
    with app.app_context():
        db.session.merge(customer.admin).closing_since = clock.now() - timedelta(days=1)
        db.session.commit()

    assert "We rest on Sunday" in main_of(browser.get("/inbox"))
    assert browser.get(f"/inbox/{notice}").status_code == 200
    assert read_at(customer.admin, notice) is not None


def test_the_inbox_and_its_banner_cost_no_statement_of_their_own_elsewhere(browse_as, make_customer, send, statements):
    alice = make_customer().admin
    notice = send(alice)
    browser = browse_as(alice)
    costs = {}

    for path in ("/profile", "/inbox", f"/inbox/{notice}"):
        with statements() as seen:
            assert browser.get(path).status_code == 200
        costs[path] = len(seen)

    assert costs == {"/profile": 3, "/inbox": 3, f"/inbox/{notice}": 4}


def test_officers_see_their_own_notices_only(browse_as, make_operator, make_customer, send):
    officer = make_operator((Feature.NOTICES,))
    notice = send(make_customer().admin)

    assert browse_as(officer).get(f"/inbox/{notice}").status_code == 404
