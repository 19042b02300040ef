"""Who may let a notice to many go, and what two people do to it at the same moment (DECISIONS 20)."""

from collections import Counter

import pytest

from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.core.features import Feature
from portal.notices import service
from portal.notices.models import Delivery, Lane, Notice, NoticeKind, NoticeState
from portal.notices.service import NeedsAnother, NobodyToReach, NotPossible
from tests.support.sendings import at_once


@pytest.fixture
def many(monkeypatch):
    """Two recipients are too many for one person here."""
    monkeypatch.setattr(service, "ALONE_UP_TO", 1)


@pytest.fixture
def lan(make_operator):
    return make_operator()


@pytest.fixture
def minh(make_operator):
    return make_operator((Feature.NOTICES, Feature.CAMPAIGNS))


def acts(app):
    with app.app_context():
        return Counter(db.session.scalars(db.select(AuditEntry.act).where(AuditEntry.act.like("notice.%"))))


def test_up_to_a_thousand_one_person_is_enough(lan, minh, sendings, work, states):
    notice = sendings.service(lan)

    work()

    assert states(notice) == ("done", Counter(sent=2))


def test_beyond_a_thousand_a_second_person_lets_it_go(app, many, lan, minh, sendings, work, mailbox, states):
    notice = sendings.service(lan)
    work()
    assert mailbox.empty()

    sendings.act(service.approve, notice, by=minh)
    work()

    assert states(notice) == ("done", Counter(sent=2))
    assert acts(app) == {"notice.submitted": 1, "notice.approved": 1}


def test_neither_the_author_nor_who_changed_it_last_is_the_second_person(app, many, lan, minh, make_operator, sendings):
    third = make_operator()
    notice = sendings.draft(by=lan)
    with app.app_context():
        db.session.get_one(Notice, notice).edited_by_id = minh.id
        db.session.commit()
    sendings.submit(notice, lan)

    for writer in (lan, minh):
        with pytest.raises(NeedsAnother):
            sendings.act(service.approve, notice, by=writer)
    sendings.act(service.approve, notice, by=third)

    with app.app_context():
        assert db.session.get_one(Notice, notice).state == NoticeState.SENDING


def test_advertising_is_approved_by_who_holds_campaigns(many, lan, make_operator, make_customer, sendings, states):
    reading_news, advertising = make_operator((Feature.NOTICES,)), make_operator((Feature.CAMPAIGNS,))
    for _ in range(2):
        sendings.consent(make_customer().admin)
    notice = sendings.campaign(lan)

    with pytest.raises(NeedsAnother):
        sendings.act(service.approve, notice, by=reading_news)
    sendings.act(service.approve, notice, by=advertising)

    assert states(notice)[0] == "sending"


@pytest.mark.parametrize(
    ("kind", "feature"), [(NoticeKind.SERVICE, Feature.CAMPAIGNS), (NoticeKind.CAMPAIGN, Feature.NOTICES)]
)
def test_who_alone_holds_the_feature_waits_ten_minutes(
    many, lan, make_operator, make_customer, sendings, work, mailbox, states, move_clock, kind, feature
):
    make_operator((feature,))
    for _ in range(2):
        sendings.consent(make_customer().admin)
    notice = sendings.service(lan) if kind == NoticeKind.SERVICE else sendings.campaign(lan)

    move_clock(seconds=9 * 60)
    work()
    assert states(notice)[0] == "awaiting-approval"
    move_clock(seconds=11 * 60)
    work()

    assert states(notice)[0] == "done"
    assert not mailbox.empty()


def test_two_who_approve_at_the_same_moment_start_it_once(app, many, lan, minh, make_operator, sendings):
    third = make_operator()
    notice = sendings.service(lan)

    outcomes = at_once([lambda who=user: sendings.act(service.approve, notice, by=who) for user in (minh, third)])

    assert Counter(type(outcome) for outcome in outcomes) == {type(None): 1, NotPossible: 1}
    assert acts(app)["notice.approved"] == 1


def test_a_double_click_submits_once(app, lan, minh, sendings):
    notice = sendings.draft(by=lan)

    outcomes = at_once([lambda: sendings.submit(notice, lan) for _ in range(2)])

    assert Counter(type(outcome) for outcome in outcomes)[NotPossible] == 1
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Delivery)) == 2
        assert db.session.scalar(db.select(db.func.count()).select_from(Lane)) == 1


def test_of_approving_and_cancelling_at_the_same_moment_the_cancelling_stands(
    many, lan, minh, sendings, work, mailbox, states
):
    notice = sendings.service(lan)

    at_once(
        [
            lambda: sendings.act(service.approve, notice, by=minh),
            lambda: sendings.act(service.cancel, notice, by=lan),
        ]
    )
    work()

    assert states(notice) == ("cancelled", Counter(cancelled=2))
    assert mailbox.empty()


def test_a_notice_to_nobody_is_not_sent(app, lan, sendings):
    notice = sendings.draft(NoticeKind.CAMPAIGN, by=lan, purpose="promotions")

    with pytest.raises(NobodyToReach):
        sendings.submit(notice, lan)

    with app.app_context():
        assert db.session.get_one(Notice, notice).state == NoticeState.DRAFT


def test_what_waits_for_approval_can_be_taken_back_and_changed(app, many, lan, minh, sendings, work, mailbox, states):
    notice = sendings.service(lan)

    sendings.act(service.take_back, notice, by=lan)
    work()
    assert states(notice) == ("draft", Counter())
    sendings.submit(notice, lan)
    sendings.act(service.approve, notice, by=minh)
    work()

    assert states(notice) == ("done", Counter(sent=2))


@pytest.mark.parametrize("step", [service.approve, service.resume, service.take_back])
def test_no_step_leads_on_from_where_it_does_not_belong(lan, minh, sendings, step):
    notice = sendings.service(lan)

    with pytest.raises(NotPossible):
        sendings.act(step, notice, by=minh)


def test_a_trial_can_be_paused_resumed_and_cancelled(lan, audience, sendings, work, mailbox, states):
    audience(55)
    notice = sendings.service(lan)

    sendings.act(service.pause, notice, by=lan)
    work()
    assert mailbox.empty()
    sendings.act(service.resume, notice, by=lan)
    work()
    assert states(notice) == ("canary", Counter(sent=50, queued=6))
    sendings.act(service.cancel, notice, by=lan)
    work()

    assert states(notice) == ("cancelled", Counter(sent=50, cancelled=6))


def test_a_cancelled_sending_of_many_is_cancelled_in_steps(
    app, lan, audience, sendings, work, mailbox, states, monkeypatch
):
    monkeypatch.setattr("portal.notices.engine.claiming.AT_ONCE", 4)
    audience(9)
    notice = sendings.service(lan)

    sendings.act(service.cancel, notice, by=lan)
    assert states(notice) == ("cancelled", Counter(cancelled=4, queued=6))
    work()

    assert states(notice) == ("cancelled", Counter(cancelled=10))
    assert mailbox.empty()
