"""Nobody gets more than three letters of advertising a day from Smartos, whatever was announced (Decree 91/2020)."""

from collections import Counter
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.consents.purposes import MARKETING
from portal.core import clock
from portal.core.database import db
from portal.notices.models import Delivery, DeliveryState
from tests.support.sendings import at_once

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def at(move_clock):
    """Put the clock to an hour in Hanoi, so many days from tomorrow."""
    real = clock.now().astimezone(HANOI)
    start = datetime.combine(real.date() + timedelta(days=1), time(), HANOI)

    def move(hour, *, days=0):
        move_clock(seconds=(start + timedelta(days=days, hours=hour) - real).total_seconds())

    move(9)
    return move


@pytest.fixture
def alice(make_customer, sendings):
    """She wants it all."""
    user = make_customer().admin
    for purpose in MARKETING:
        sendings.consent(user, purpose)
    return user


def received(mailbox, user):
    return len(mailbox.letters(user.email))


def test_clause_4_5_the_fourth_advertisement_of_a_day_waits_for_the_next(
    officer, alice, sendings, work, mailbox, states, at
):
    notices = [sendings.campaign(officer, purpose) for purpose in MARKETING]
    work()
    assert received(mailbox, alice) == 3

    at(23.9)
    work()
    assert received(mailbox, alice) == 3
    at(0.1, days=1)
    work()

    assert received(mailbox, alice) == 5
    assert all(states(notice) == ("done", Counter(sent=1)) for notice in notices)


def test_the_day_ends_at_midnight_in_hanoi_not_in_greenwich(officer, alice, sendings, work, mailbox, at):
    at(6.5)  # it is yesterday in Greenwich
    for purpose in MARKETING[:3]:
        sendings.campaign(officer, purpose)
    work()
    assert received(mailbox, alice) == 3

    at(7.5)  # and now it is today there too
    sendings.campaign(officer, MARKETING[3])
    work()

    assert received(mailbox, alice) == 3


def test_lanes_of_many_notices_at_the_same_moment_give_one_person_three(officer, make_customer, sendings, at, alice):
    bob = make_customer().admin
    for purpose in MARKETING:
        sendings.consent(bob, purpose)
    notices = [sendings.campaign(officer, purpose) for purpose in MARKETING]

    first = at_once([lambda notice=n: sendings.take(notice) for n in notices])
    passed_over = [notice for notice, held in zip(notices, first, strict=True) if not held]
    again = [sendings.take(notice) for notice in passed_over]

    held = Counter(one.address for lane in [*first, *again] for one in lane)
    assert held == {alice.email: 3, bob.email: 3}


def test_news_about_the_service_is_no_advertisement(officer, alice, sendings, work, mailbox, at):
    for _ in range(4):
        sendings.service(officer)
    sendings.campaign(officer)

    work()

    assert received(mailbox, alice) == 5


@pytest.fixture
def doubtful(app, officer, alice, sendings, at):
    """Advertising to her whose answer was never seen, to be tried again at eleven."""
    notice = sendings.campaign(officer, MARKETING[0])
    with app.app_context():
        delivery = db.session.scalars(db.select(Delivery).where(Delivery.notice_id == notice)).one()
        delivery.interrupted, delivery.retry_at = 1, clock.now() + timedelta(hours=2)
        assert delivery.state == DeliveryState.QUEUED
        db.session.commit()
    return notice


def test_a_letter_whose_answer_was_never_seen_may_have_arrived_and_counts(
    officer, alice, doubtful, sendings, work, mailbox
):
    for purpose in MARKETING[1:4]:
        sendings.campaign(officer, purpose)
    work()

    assert received(mailbox, alice) == 2


def test_a_letter_whose_answer_was_never_seen_is_not_held_back_by_itself(
    officer, alice, doubtful, sendings, work, mailbox, states, at
):
    for purpose in MARKETING[1:3]:
        sendings.campaign(officer, purpose)
    work()
    assert received(mailbox, alice) == 2

    at(12)
    work()

    assert received(mailbox, alice) == 3
    assert states(doubtful) == ("done", Counter({"possible-duplicate": 1}))


def test_advertising_costs_the_same_statements_however_many_get_it(officer, make_customer, sendings, statements, at):
    def cost(people):
        for _ in range(people):
            sendings.consent(make_customer().admin)
        notice = sendings.campaign(officer)
        with statements() as seen:
            held = sendings.take(notice)
        return len(held), len(seen)

    few, cost_of_few = cost(2)
    many, cost_of_many = cost(20)

    assert (few, many) == (2, 22)
    assert cost_of_few == cost_of_many
