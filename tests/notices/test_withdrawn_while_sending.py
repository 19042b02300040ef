"""What somebody decides while a sending goes on holds from that moment (clause 4.5; Decree 91/2020)."""

from collections import Counter

import pytest

from portal.accounts.models import Customer, User
from portal.consents.models import ConsentEntry
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.core.steps import step_reached
from portal.notices.engine import claiming
from portal.notices.models import Delivery, DeliveryState, SuppressionReason
from portal.notices.returns import suppression
from tests.notices.conftest import copies

CAMPAIGN = "notices/campaign"


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def readers(make_customer, sendings):
    """Three who agreed to promotions."""
    made = [make_customer().admin for _ in range(3)]
    for user in made:
        sendings.consent(user)
    return made


def still_mine(app, held):
    with app.app_context():
        return claiming.still_mine(held)


@pytest.fixture
def meanwhile():
    """Do something when the sending first comes to a step; at "notice.claimed" all is taken and nothing has left."""
    heard = []

    def once(act, *, at="notice.claimed"):
        def hear(name):
            if name == at and not done:
                done.append(name)
                act()

        done = []
        heard.append(hear)
        step_reached.connect(hear, weak=False)

    yield once
    for hear in heard:
        step_reached.disconnect(hear)


def test_clause_4_5_who_withdraws_while_a_lane_holds_the_letter_does_not_get_it(
    app, officer, readers, sendings, work, mailbox, meanwhile
):
    alice, bob, charlie = readers
    notice = sendings.campaign(officer)
    meanwhile(lambda: sendings.consent(bob, granted=False))

    work()

    assert copies(mailbox, CAMPAIGN) == {alice.email: 1, charlie.email: 1}
    assert sendings.by_address(notice)[bob.email] == "cancelled"


def test_who_withdraws_one_kind_still_gets_the_others(app, officer, readers, sendings, work, mailbox):
    alice = readers[0]
    sendings.consent(alice, ConsentPurpose.EVENTS)
    promotions, events = sendings.campaign(officer), sendings.campaign(officer, ConsentPurpose.EVENTS)
    news = sendings.service(officer)

    sendings.consent(alice, granted=False)

    assert sendings.by_address(promotions)[alice.email] == "cancelled"
    assert sendings.by_address(events)[alice.email] == "queued"
    assert sendings.by_address(news)[alice.email] == "queued"


def test_a_withdrawal_reaches_what_a_lane_has_in_its_hands(app, officer, readers, sendings):
    notice = sendings.campaign(officer)
    held = sendings.take(notice)
    before = still_mine(app, held)

    sendings.consent(readers[1], granted=False)

    assert before == {one.id for one in held}
    assert still_mine(app, held) == {one.id for one in held if one.user_id != readers[1].id}


def test_a_letter_that_had_arrived_at_the_withdrawal_is_told_as_sent(
    officer, readers, sendings, work, mailbox, meanwhile
):
    alice = readers[0]
    notice = sendings.campaign(officer)
    meanwhile(lambda: sendings.consent(alice, granted=False), at="notice.accepted")

    work()

    assert sendings.by_address(notice)[alice.email] == "sent"
    assert copies(mailbox, CAMPAIGN)[alice.email] == 1


def test_a_withdrawal_that_no_delivery_heard_of_counts_when_it_is_taken(app, officer, readers, sendings, work, mailbox):
    alice = readers[0]
    notice = sendings.campaign(officer)
    with app.app_context():
        given = db.select(ConsentEntry).where(ConsentEntry.user_id == alice.id)
        db.session.scalars(given).one().granted = False  # as if its transaction had passed the audience's by
        db.session.commit()

    work()

    assert sendings.by_address(notice)[alice.email] == "cancelled"
    assert alice.email not in copies(mailbox, CAMPAIGN)


@pytest.mark.parametrize("model", [User, Customer])
def test_who_is_leaving_gets_no_advertising_but_news(app, officer, readers, sendings, work, mailbox, model):
    alice = readers[0]
    campaign, news = sendings.campaign(officer), sendings.service(officer)
    with app.app_context():
        key = alice.id if model is User else alice.customer_id
        db.session.get_one(model, key).closing_since = clock.now()
        db.session.commit()

    work()

    assert sendings.by_address(campaign)[alice.email] == "cancelled"
    assert sendings.by_address(news)[alice.email] == "sent"


def test_an_address_that_takes_no_letters_is_written_to_by_no_notice(
    app, officer, readers, sendings, documents, work, mailbox
):
    alice = readers[0]
    notices = [sendings.campaign(officer), sendings.service(officer), documents.announce()]
    with app.app_context():
        suppression.suppress(alice.email, SuppressionReason.HARD_BOUNCE, "5.1.1")
        db.session.commit()

    work()

    assert [sendings.by_address(notice)[alice.email] for notice in notices] == ["suppressed"] * 3
    assert not mailbox.letters(alice.email)


def erase(app, user):
    with app.app_context():
        for model in (Delivery, ConsentEntry):
            db.session.execute(db.delete(model).where(model.user_id == user.id))
        db.session.execute(db.delete(User).where(User.id == user.id))
        db.session.commit()


def test_who_is_erased_while_a_lane_holds_their_letter_vanishes_from_the_sending(
    app, officer, readers, sendings, work, mailbox, states, meanwhile
):
    alice, bob, charlie = readers
    notice = sendings.campaign(officer)

    meanwhile(lambda: erase(app, bob))
    work()

    assert copies(mailbox, CAMPAIGN) == {alice.email: 1, charlie.email: 1}
    assert states(notice) == ("done", Counter(sent=2))


def test_who_is_erased_while_a_slow_server_thinks_about_the_address_gets_no_news_either(
    app, readers, documents, work, mailbox, states, meanwhile, move_clock
):
    notice = documents.announce()
    with app.app_context():
        first = db.session.scalar(db.select(Delivery.user_id).order_by(Delivery.id).limit(1))
    (asked,) = (user for user in readers if user.id == first)

    def answer_late():
        move_clock(seconds=2)
        erase(app, asked)

    meanwhile(answer_late, at="notice.offered")
    work()

    assert copies(mailbox) == {user.email: 1 for user in readers if user is not asked}
    assert states(notice) == ("done", Counter(sent=2))


def test_nobody_is_taken_twice_and_nobody_is_left_when_somebody_else_writes_to_their_row(
    app, officer, readers, sendings, work, states
):
    notice = sendings.campaign(officer)
    with app.app_context():
        held = db.select(User).where(User.id == readers[0].id).with_for_update()
        assert db.session.scalar(held)
        db.session.commit()

    work()

    assert states(notice) == ("done", Counter({DeliveryState.SENT.value: 3}))
