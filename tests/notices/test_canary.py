"""The first fifty letters go on trial, and a sending that comes back pauses by itself (docs/decisions/0026)."""

from collections import Counter

import pytest

from portal.core.database import db
from portal.core.features import Feature
from portal.core.leases import Lease
from portal.notices import service
from portal.notices.engine import canary, claiming, holding
from portal.notices.models import Delivery, DeliveryState, Lane, Notice
from tests.notices.conftest import copies

PEOPLE = 59  # and the officer
TRIAL_IS_OVER = 121


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def addresses(officer, audience):
    """Everyone, in the order in which they are written to."""
    return [officer.email, *audience(PEOPLE)]


def came_back(app, notice_id, count):
    """Reports about so many letters arrive, as `flask mail bounce` notes them."""
    with app.app_context():
        sent = db.select(Delivery).where(Delivery.notice_id == notice_id, Delivery.state == DeliveryState.SENT)
        for delivery in db.session.scalars(sent.limit(count)):
            delivery.state = DeliveryState.BOUNCED
        db.session.flush()
        canary.note_bounces(notice_id)
        db.session.commit()


def report(app, notice_id):
    with app.app_context():
        return canary.report(db.session.get_one(Notice, notice_id))


def test_fifty_go_first_and_the_others_follow_by_themselves(
    officer, addresses, sendings, work, mailbox, states, move_clock
):
    notice = sendings.service(officer)

    work()
    assert states(notice) == ("canary", Counter(sent=50, queued=10))
    move_clock(seconds=119)
    work()
    assert len(mailbox.letters()) == 50
    move_clock(seconds=TRIAL_IS_OVER)
    work()

    assert states(notice) == ("done", Counter(sent=60))
    assert copies(mailbox, "notices/service") == Counter(addresses)


def test_fifty_people_need_no_trial(officer, audience, sendings, work, states):
    audience(49)

    notice = sendings.service(officer)
    work()

    assert states(notice) == ("done", Counter(sent=50))


def test_refusals_among_the_first_fifty_pause_the_rest(officer, addresses, sendings, work, mailbox, states, move_clock):
    for address in addresses[5:8]:
        mailbox.refuse(address)

    notice = sendings.service(officer)
    work()
    move_clock(seconds=TRIAL_IS_OVER)
    work()

    assert states(notice) == ("paused", Counter(sent=47, failed=3, queued=10))


def test_two_refusals_are_the_way_of_the_world(officer, addresses, sendings, work, mailbox, states, move_clock):
    for address in addresses[5:7]:
        mailbox.refuse(address)

    notice = sendings.service(officer)
    work()
    move_clock(seconds=TRIAL_IS_OVER)
    work()

    assert states(notice) == ("done", Counter(sent=58, failed=2))


def test_reports_that_come_back_during_the_trial_pause_the_rest(app, officer, addresses, sendings, work, states):
    notice = sendings.service(officer)
    work()

    came_back(app, notice, 2)
    assert states(notice)[0] == "canary"
    came_back(app, notice, 1)

    assert states(notice) == ("paused", Counter(sent=47, bounced=3, queued=10))


def test_reports_pause_a_sending_that_passed_its_trial(
    app, officer, addresses, sendings, work, states, move_clock, mailbox
):
    mailbox.defer(addresses[-1], times=100)
    notice = sendings.service(officer)
    work()
    move_clock(seconds=TRIAL_IS_OVER)
    work()
    assert states(notice) == ("sending", Counter(sent=59, queued=1))

    came_back(app, notice, 3)

    assert states(notice)[0] == "paused"


def test_refusals_after_the_trial_pause_what_is_left(
    officer, addresses, audience, sendings, work, mailbox, states, move_clock, monkeypatch
):
    monkeypatch.setattr(claiming, "SMALLEST", 5)
    monkeypatch.setattr(claiming, "LARGEST", 5)
    for address in addresses[50:55]:
        mailbox.refuse(address)
    notice = sendings.service(officer)

    work()
    move_clock(seconds=TRIAL_IS_OVER)
    work()

    assert states(notice) == ("paused", Counter(sent=50, failed=5, queued=5))


def test_a_trial_keeps_to_the_rate(officer, addresses, sendings, work, states, move_clock):
    notice = sendings.service(officer, rate_per_minute=30)

    work()
    assert states(notice)[1]["sent"] <= 30
    move_clock(seconds=60)
    work()

    assert states(notice) == ("canary", Counter(sent=50, queued=10))


def test_who_goes_on_has_seen_what_came_back_and_is_asked_again_at_as_many_more(
    app, officer, addresses, sendings, work, mailbox, states, move_clock
):
    for address in addresses[5:8]:
        mailbox.refuse(address)
    notice = sendings.service(officer)
    work()

    sendings.act(service.resume, notice, by=officer)
    work()
    assert states(notice)[0] == "canary"
    move_clock(seconds=TRIAL_IS_OVER)
    sendings.act(service.pause, notice, by=officer)
    sendings.act(service.resume, notice, by=officer)
    came_back(app, notice, 2)
    assert states(notice)[0] == "sending"
    came_back(app, notice, 1)

    assert states(notice)[0] == "paused"


def test_a_change_of_policy_is_held_back_for_nobody_and_reported_all_the_same(
    app, addresses, documents, work, mailbox, states
):
    for address in addresses[:10]:
        mailbox.refuse(address)

    notice = documents.announce()
    work()

    assert states(notice) == ("done", Counter(sent=50, failed=10))
    assert report(app, notice) == canary.Report(tried=60, returned=10, is_alarming=True)


def test_deferred_letters_are_of_the_fifty_and_pause_nothing(
    officer, addresses, sendings, work, mailbox, states, move_clock
):
    for address in addresses[:20]:
        mailbox.defer(address)

    notice = sendings.service(officer)
    work()
    assert states(notice) == ("canary", Counter(sent=30, queued=30))
    move_clock(seconds=TRIAL_IS_OVER)
    work()

    assert states(notice) == ("done", Counter(sent=60))


def test_one_lane_sends_the_trial(app, officer, addresses, sendings, monkeypatch):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", 20)
    notice = sendings.service(officer)

    second, first = sendings.take(notice, lane=1), sendings.take(notice, lane=0)

    assert (len(first), second) == (50, [])


def test_whoever_can_act_is_told_until_somebody_did(
    app, officer, addresses, sendings, work, mailbox, browse_as, make_operator, make_customer
):
    told = "A sending paused by itself"
    for address in addresses[5:8]:
        mailbox.refuse(address)
    watching, other, customer = (
        browse_as(officer),
        browse_as(make_operator((Feature.SUPPORT,))),
        browse_as(make_customer().admin),
    )

    notice = sendings.service(officer)
    work()
    page = watching.get("/staff").get_data(as_text=True)
    assert told in page
    assert f"/staff/notices/{notice}" in page
    assert told not in other.get("/staff").get_data(as_text=True)
    assert told not in customer.get("/overview").get_data(as_text=True)
    sendings.act(service.cancel, notice, by=officer)

    assert told not in watching.get("/staff").get_data(as_text=True)


def test_watching_a_sending_costs_three_statements_however_far_it_is(
    app, officer, addresses, sendings, work, statements
):
    notice = sendings.service(officer)

    def cost():
        with app.app_context():
            lane = holding.lanes(notice)[0]
            db.session.commit()
            with statements() as seen:
                canary.look(Lease(Lane, lane.id, "anybody", 20), notice)
            return len(seen)

    before = cost()
    work()

    assert before == cost() == 3
