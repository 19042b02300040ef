"""How a sending goes, on the page and as JSON: true, live, and cheap however many deliveries there are."""

from html import unescape

import pytest
from sqlalchemy import insert, text

from portal.core import clock
from portal.core.database import db
from portal.notices import progress
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind, NoticeState
from tests.support.desk import draft, id_of, press, submit


@pytest.fixture
def lan(make_operator, browse_as):
    return browse_as(make_operator())


@pytest.fixture
def many(app, people, make_customer):
    """A service notice to so many further people, and the address of its page; their letters in the states given."""

    def make(states: dict[DeliveryState, int], state: NoticeState = NoticeState.SENDING, **columns) -> str:
        with app.app_context():
            usual = {"kind": NoticeKind.SERVICE, "letter": "notices/service", "started_at": clock.now()}
            notice = Notice(state=state, **usual | columns)
            db.session.add(notice)
            db.session.commit()
            each = [one for one, number in states.items() for _ in range(number)]
            users = [make_customer().admin.id for _ in each]
            now = clock.now()
            rows = [
                {"notice_id": notice.id, "user_id": user, "letter": notice.letter, "state": one, "queued_at": now}
                | {"sent_at": now if one == DeliveryState.SENT else None, "answer": 550 if one == "failed" else None}
                for user, one in zip(users, each, strict=True)
            ]
            db.session.execute(insert(Delivery), rows)
            db.session.commit()
            return f"/staff/notices/{notice.id}"

    return make


STATES = DeliveryState


def test_the_page_and_its_json_say_the_same(lan, many):
    page = many({STATES.SENT: 4, STATES.FAILED: 1, STATES.QUEUED: 5})

    facts = lan.get(page, headers={"Accept": "application/json"}).get_json()
    shown = lan.get(page).get_data(as_text=True)

    assert {name: facts[name] for name in ("state", "recipients", "sent", "failed", "queued", "done", "total")} == {
        "state": "sending", "recipients": 10, "sent": 4, "failed": 1, "queued": 5, "done": 5, "total": 10,
    }  # fmt: skip
    assert facts["per_minute"] > 0
    assert facts["arrival"]
    assert facts["arrival_words"] in shown
    assert '<span data-fact="sent">4</span>' in shown
    assert 'http-equiv="refresh"' in shown


def test_the_rate_is_that_of_the_last_minute_and_the_arrival_follows_from_it(app, lan, many, move_clock):
    page = many({STATES.SENT: 6, STATES.QUEUED: 3})

    move_clock(seconds=30)
    after_half_a_minute = lan.get(page, headers={"Accept": "application/json"}).get_json()
    move_clock(seconds=90)
    after_nothing_more_came = lan.get(page, headers={"Accept": "application/json"}).get_json()

    assert after_half_a_minute["per_minute"] in (11, 12)
    assert after_nothing_more_came["per_minute"] == 0
    assert (after_nothing_more_came["arrival"], after_nothing_more_came["arrival_words"]) == (None, "–")


def test_looking_costs_as_many_statements_for_many_as_for_few(lan, many, statements):
    def cost(number: int) -> int:
        page = many({STATES.SENT: number, STATES.FAILED: number, STATES.QUEUED: number})
        lan.get(page, headers={"Accept": "application/json"})
        with statements() as seen:
            lan.get(page, headers={"Accept": "application/json"})
        return len(seen)

    few, more = cost(1), cost(7)

    assert few == more <= 8


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_counts_and_rate_are_read_off_indexes(app, many, statements):
    page = many({STATES.SENT: 3, STATES.QUEUED: 2})
    with app.app_context():
        notice = db.session.get_one(Notice, id_of(page))
        with statements() as seen:
            progress.counts([notice.id])
            progress.per_minute(notice)
        asked = [one for one in seen if "delivery" in one]
        plans = [
            " ".join(row.detail for row in db.session.execute(text("explain query plan " + one.replace("?", "'x'"))))
            for one in asked
        ]

    assert "COVERING INDEX" in plans[0]
    assert "COVERING INDEX ix_delivery_not_sent" in plans[1]
    assert "ix_delivery_interrupted" in plans[2]
    assert "ix_delivery_not_sent" in plans[3]
    assert "INTEGER PRIMARY KEY" in plans[4]
    assert not any("SCAN delivery" in plan or "FOR ORDER BY" in plan for plan in plans)


def test_a_large_sending_is_asked_about_more_rarely():
    def counts(recipients: int) -> progress.Counts:
        return progress.Counts(recipients, 0, 0, 0, 0, 0, 0, 0)

    assert progress.poll_milliseconds(counts(1_000)) == 1_000
    assert progress.poll_milliseconds(counts(1_000_000)) == 5_000


def test_a_sending_that_paused_by_itself_says_why_and_what_to_do(lan, many):
    page = many({STATES.SENT: 3, STATES.FAILED: 3, STATES.QUEUED: 9}, NoticeState.PAUSED, paused_by_itself=True)

    shown = lan.get(page).get_data(as_text=True)

    assert "The sending paused by itself" in shown
    assert "Look at the reasons below" in shown
    assert "Of the first 6 letters, 3 were refused or came back." in shown
    assert f'action="{page}/resume"' in shown


def test_failures_stand_by_reason_and_one_by_one_masked(app, lan, many):
    page = many({STATES.FAILED: 2, STATES.BOUNCED: 1, STATES.SENT: 1})
    with app.app_context():
        db.session.execute(db.update(Delivery).where(Delivery.state == STATES.BOUNCED).values(bounce="5.2.2"))
        db.session.commit()

    overview, all_of_them, full = (
        lan.get(page + path).get_data(as_text=True) for path in ("", "/failures", "/failures?reason=5.2.2")
    )

    assert "No such mailbox, or refused by the receiver's rules" in unescape(overview)
    assert "The mailbox is full" in overview
    assert all_of_them.count("•••@example.com") == 3
    assert full.count("•••@example.com") == 1
    assert "person" not in all_of_them.partition("<main")[2].partition("</main>")[0].replace("p•••@", "")


def test_failures_come_in_pages(lan, many):
    page = many({STATES.FAILED: 53})

    first = lan.get(f"{page}/failures").get_data(as_text=True)
    after = first.partition("after=")[2].partition('"')[0]
    second = lan.get(f"{page}/failures?after={after}").get_data(as_text=True)

    assert (first.count("•••@"), second.count("•••@")) == (50, 3)
    for odd in ("-1", "x", "9" * 30, "٣", ""):
        assert lan.get(f"{page}/failures?after={odd}&reason=%00").status_code == 200


def test_the_second_person_reads_letter_audience_and_author_before_approving(
    app, make_operator, browse_as, make_customer, lan, monkeypatch
):
    author = make_operator()
    for _ in range(3):
        make_customer()
    window = browse_as(author)
    page = draft(window)
    monkeypatch.setattr("portal.notices.service.ALONE_UP_TO", 2)

    submit(window, page)
    own, other = window.get(page).get_data(as_text=True), lan.get(page).get_data(as_text=True)

    assert window.state(page) == "awaiting-approval"
    assert "/approve" not in own
    assert f'action="{page}/approve"' in other
    assert f"Written by {author.full_name}, for 5 people." in other
    assert f'src="{page}/letter/vi"' in other
    assert f'src="{page}/letter/en"' in other
    assert "bookings pause" in other
    press(lan, page, "approve")
    assert lan.state(page) in ("canary", "sending")


def test_what_waits_for_approval_can_become_a_draft_again(make_customer, lan, monkeypatch):
    make_customer()
    page = draft(lan)
    monkeypatch.setattr("portal.notices.service.ALONE_UP_TO", 0)
    submit(lan, page)

    press(lan, page, "take-back")

    assert lan.state(page) == "draft"


@pytest.mark.parametrize(("kind", "is_told"), [(NoticeKind.POLICY, True), (NoticeKind.SERVICE, False)])
def test_what_came_back_of_a_policy_notice_is_told_though_nothing_is_tried_first(lan, many, kind, is_told):
    page = many({STATES.SENT: 9, STATES.FAILED: 3}, kind=kind)

    told = lan.get(page).get_data(as_text=True)

    assert ("What came back so far" in told) == is_told
