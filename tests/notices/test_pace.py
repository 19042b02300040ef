"""A notice keeps to its rate, in all and at each receiving domain, whoever sends it."""

from collections import Counter
from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.database import db
from portal.core.leases import Lease
from portal.notices import service
from portal.notices.engine import claiming
from portal.notices.models import Delivery, Lane, Notice, Pace
from tests.support.sendings import at_once

MINUTE = 60


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def minutes(move_clock):
    """Move the clock to the middle of a minute so many minutes from now, so that no test crosses a border."""
    into = clock.now().timestamp() % MINUTE

    def move(count=0):
        move_clock(seconds=MINUTE * (count + 1) - into + 10)

    move()
    return move


@pytest.fixture
def at_domains(make_customer):
    """So many people at each of these domains, taking turns; their addresses."""

    def make(**numbers):
        names = [f"p{i}@{name}.example" for i in range(max(numbers.values())) for name in numbers if i < numbers[name]]
        return [make_customer(email=name).admin.email for name in names]

    return make


def domains(mailbox):
    return Counter(letter.recipient.partition("@")[2] for letter in mailbox.letters())


def next_due(app, notice_id):
    with app.app_context():
        return db.session.scalar(db.select(db.func.min(Lane.due_at)).where(Lane.notice_id == notice_id))


def test_what_is_over_the_rate_waits_for_the_next_minute(
    app, officer, audience, sendings, work, mailbox, states, minutes
):
    audience(24)
    notice = sendings.service(officer, rate_per_minute=10)

    work()
    assert states(notice) == ("sending", Counter(sent=10, queued=15))
    assert clock.now() < next_due(app, notice) <= clock.now() + timedelta(seconds=MINUTE)
    minutes(1)
    work()
    assert states(notice) == ("sending", Counter(sent=20, queued=5))
    minutes(2)
    work()

    assert states(notice) == ("done", Counter(sent=25))


def test_a_domain_over_its_rate_stops_no_other(officer, at_domains, sendings, work, mailbox, states, minutes):
    at_domains(gmail=8, yahoo=4)
    notice = sendings.service(officer, domain_rate_per_minute=3)

    work()
    assert domains(mailbox) == {"example.com": 1, "gmail.example": 3, "yahoo.example": 3}
    minutes(1)
    work()
    assert domains(mailbox) == {"example.com": 1, "gmail.example": 6, "yahoo.example": 4}
    minutes(2)
    work()

    assert states(notice) == ("done", Counter(sent=13))


def test_both_rates_hold_together(officer, at_domains, sendings, work, mailbox, states, minutes):
    at_domains(gmail=6, yahoo=6)
    notice = sendings.service(officer, rate_per_minute=5, domain_rate_per_minute=3)

    work()

    assert states(notice)[1]["sent"] == 5
    assert max(domains(mailbox).values()) <= 3


def test_who_waits_for_a_domain_is_looked_at_once_and_told_a_minute(app, officer, at_domains, sendings, work, minutes):
    at_domains(gmail=11)
    sendings.service(officer, domain_rate_per_minute=3)

    work()

    with app.app_context():
        told = db.session.scalars(db.select(Delivery.retry_at).where(Delivery.retry_at.is_not(None)))
        begins = Counter(round((at - clock.now()).total_seconds() / MINUTE) for at in told)
    assert begins == {1: 3, 2: 3, 3: 2}


def test_a_sending_that_was_paused_for_long_does_not_make_up_for_it(
    officer, at_domains, sendings, work, mailbox, states, minutes
):
    at_domains(gmail=11)
    notice = sendings.service(officer, domain_rate_per_minute=3)
    work()
    sendings.act(service.pause, notice, by=officer)

    minutes(60)
    sendings.act(service.resume, notice, by=officer)
    work()

    assert domains(mailbox)["gmail.example"] == 6
    assert states(notice)[0] == "sending"


def test_lanes_that_take_at_the_same_moment_share_one_budget(app, officer, at_domains, sendings, monkeypatch, minutes):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", 5)
    at_domains(gmail=10, yahoo=20)
    notice = sendings.service(officer, rate_per_minute=14, domain_rate_per_minute=4)

    taken = at_once([lambda number=n: sendings.take(notice, lane=number) for n in range(6)])

    held = Counter(one.address.partition("@")[2] for lane in taken for one in lane)
    assert held["gmail.example"] == held["yahoo.example"] == 4
    assert held.total() <= 14


def test_a_notice_without_rates_keeps_no_account_of_them(app, officer, audience, sendings, work):
    audience(10)

    sendings.service(officer)
    work()

    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Pace)) == 0


def test_accounts_of_past_minutes_are_cleared_away(app, officer, at_domains, sendings, work, minutes):
    at_domains(gmail=8)
    sendings.service(officer, domain_rate_per_minute=3)

    work()
    minutes(1)
    work()

    with app.app_context():
        oldest = db.session.scalar(db.select(db.func.min(Pace.minute)))
    assert oldest == int(clock.now().timestamp()) // MINUTE


def test_a_claim_costs_the_same_however_many_it_takes(app, officer, audience, sendings, statements):
    def cost():
        notice = sendings.service(officer)
        with app.app_context():
            lane = db.session.scalars(db.select(Lane).where(Lane.notice_id == notice)).first()
            lane.leased_by = "me"
            db.session.commit()
            lease, announced = Lease(Lane, lane.id, "me", 20), db.session.get_one(Notice, notice)
            with statements() as seen:
                taken = claiming.claim(lease, announced)
            return len(taken), len(seen)

    audience(4)
    few, cost_of_few = cost()
    audience(40)
    many, cost_of_many = cost()

    assert (few, many) == (5, 45)
    assert cost_of_few == cost_of_many <= 6
