"""Whoever calls our advertising unwanted gets no more of it, and no answer (RFC 5965); bounces of advertising."""

import pytest
from sqlalchemy import select

from portal.consents.models import ConsentEntry, ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from portal.mailer import verp
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState
from tests.notices import bounce_samples as samples

PROMOTIONS, EVENTS = ConsentPurpose.PROMOTIONS, ConsentPurpose.EVENTS


@pytest.fixture
def officer(make_operator):
    return make_operator()


@pytest.fixture
def advertised(app, officer, sendings, work):
    """A campaign to these people, sent; by address the envelope sender of each letter."""

    def send(*people):
        for person in people:
            sendings.consent(person)
        notice = sendings.campaign(officer)
        work()
        with app.app_context():
            ids = db.session.scalars(select(Delivery.id).where(Delivery.notice_id == notice).order_by(Delivery.id))
            return notice, [verp.envelope_sender("n", number) for number in ids]

    return send


def entries(app, user):
    with app.app_context():
        rows = db.session.scalars(
            select(ConsentEntry).where(ConsentEntry.user_id == user.id).order_by(ConsentEntry.id)
        ).all()
        return [(row.purpose, row.granted, row.way) for row in rows]


@pytest.mark.parametrize("by_field", [True, False])
def test_a_complaint_withdraws_the_consent_for_that_kind(app, an, sendings, advertised, bounce, by_field):
    sendings.consent(an, EVENTS)
    _notice, (to,) = advertised(an)

    outcome = bounce(samples.complaint(to, an.email, by_field=by_field))

    assert outcome == "consent-withdrawn"
    assert entries(app, an) == [
        (EVENTS, True, ConsentWay.SWITCH),
        (PROMOTIONS, True, ConsentWay.SWITCH),
        (PROMOTIONS, False, ConsentWay.COMPLAINT),
    ]


def test_what_waits_of_that_kind_is_not_sent_any_more(app, an, officer, sendings, advertised, bounce, work, mailbox):
    _notice, (to,) = advertised(an)
    waiting = sendings.campaign(officer)

    bounce(samples.complaint(to, an.email))
    work()

    assert sendings.by_address(waiting) == {an.email: "cancelled"}
    assert len(mailbox.letters(an.email)) == 1


def test_a_complaint_twice_or_forged_changes_nothing_more(app, an, advertised, bounce):
    _notice, (to,) = advertised(an)

    forged = bounce(samples.complaint(to.replace("-", "-0"), an.email))
    bounce(samples.complaint(to, an.email))
    again = bounce(samples.complaint(to, an.email))

    assert (forged, again) == ("unsigned", "known-already")
    assert len(entries(app, an)) == 2


@pytest.mark.parametrize("kind", ["not-spam", "virus"])
def test_praise_is_no_complaint(app, an, advertised, bounce, kind):
    _notice, (to,) = advertised(an)

    assert bounce(samples.complaint(to, an.email, kind=kind)) == "nothing-to-change"
    assert len(entries(app, an)) == 1


def test_a_complaint_about_what_we_must_tell_changes_nothing(app, an, delivered, bounce, delivery_of):
    to = delivered()[an.email]

    assert bounce(samples.complaint(to, an.email)) == "nothing-to-change"
    assert entries(app, an) == []
    assert delivery_of(an).state == DeliveryState.SENT


def test_advertising_that_came_back_for_now_is_not_sent_again_without_consent(
    app, an, make_customer, sendings, advertised, bounce, work, mailbox, move_clock
):
    other = make_customer().admin
    mailbox.defer(other.email)
    notice, senders = advertised(an, other)
    to = next(letter.sender for letter in mailbox.letters(an.email))
    sendings.consent(an, granted=False)

    outcome = bounce(samples.report(to, an.email, status="4.2.2"))
    move_clock(hours=5)
    work()

    assert to in senders
    assert outcome == "bounced"
    assert len(mailbox.letters(an.email)) == 1
    assert sendings.by_address(notice)[an.email] == "bounced"


def test_who_withdraws_while_it_waits_to_be_sent_again_gets_nothing_more(
    an, make_customer, sendings, advertised, bounce, work, mailbox, move_clock
):
    other = make_customer().admin
    mailbox.defer(other.email)
    notice, _senders = advertised(an, other)
    outcome = bounce(samples.report(mailbox.letters(an.email)[0].sender, an.email, status="4.2.2"))

    sendings.consent(an, granted=False)
    move_clock(hours=5)
    work()

    assert outcome == "queued-again"
    assert len(mailbox.letters(an.email)) == 1
    assert sendings.by_address(notice)[an.email] == "cancelled"


def test_too_many_reports_pause_a_sending_that_goes_on(app, audience, officer, sendings, bounce, work, mailbox):
    addresses = audience(60)
    notice = sendings.service(officer)
    work()
    on_trial = [letter for letter in mailbox.letters() if letter.recipient in addresses]

    for letter in on_trial[:3]:
        bounce(samples.report(letter.sender, letter.recipient))

    with app.app_context():
        found = db.session.get_one(Notice, notice)
        assert (found.state, found.paused_by_itself) == (NoticeState.PAUSED, True)


def test_a_suppressed_address_is_not_written_to_by_the_next_notice(an, officer, sendings, delivered, bounce, work):
    bounce(samples.report(delivered()[an.email], an.email))

    notice = sendings.service(officer)
    work()

    assert sendings.by_address(notice)[an.email] == "suppressed"
