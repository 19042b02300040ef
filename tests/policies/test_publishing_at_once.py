"""A version is announced once, whoever publishes it how often and when (issue: one sending per version)."""

from collections import Counter
from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.database import db
from portal.notices.models import Delivery, Notice
from portal.policies import versions
from portal.policies.models import PolicyKind, Severity
from portal.policies.service import AlreadyPublished
from tests.support.documents import Documents
from tests.support.sendings import Sendings, at_once


@pytest.fixture
def documents(app):
    return Documents(app)


def announced(app):
    with app.app_context():
        notices = db.session.scalar(db.select(db.func.count()).select_from(Notice))
        return notices, db.session.scalar(db.select(db.func.count()).select_from(Delivery))


def publish(documents, number, **terms):
    return lambda: documents.publish(number, Severity.MAJOR, **terms)


def test_clause_12_3_people_who_publish_at_the_same_moment_announce_once(
    app, make_operator, make_customer, documents, work, mailbox
):
    lan, minh, alice = make_operator(), make_operator(), make_customer().admin
    number = documents.draft()

    outcomes = at_once([publish(documents, number, by=who) for who in (lan, minh, None, lan)])
    work()

    assert Counter(isinstance(one, AlreadyPublished) for one in outcomes) == {True: 3, False: 1}
    assert announced(app) == (1, 3)
    assert len(mailbox.letters(alice.email)) == 1


def test_publishing_again_while_the_letters_leave_announces_nothing(
    app, make_operator, make_customer, documents, work, mailbox
):
    lan, alice = make_operator(), make_customer().admin
    number = documents.draft()
    notice = documents.publish(number, Severity.MAJOR, by=lan)
    Sendings(app).take(notice)

    with pytest.raises(AlreadyPublished):
        documents.publish(number, Severity.MAJOR, by=lan)
    work()

    assert announced(app) == (1, 2)
    assert len(mailbox.letters(alice.email)) <= 1


def test_a_day_that_is_past_counts_as_today_and_announces_once(app, make_customer, documents, work, mailbox):
    alice = make_customer().admin
    number = documents.draft()
    long_ago = clock.now().date() - timedelta(days=400)

    documents.publish(number, Severity.MAJOR, effective_on=long_ago)
    work()
    with pytest.raises(AlreadyPublished):
        documents.publish(number, Severity.MAJOR, effective_on=long_ago)

    with app.app_context():
        version = versions.find(PolicyKind.PRIVACY, number)
        assert version.effective_on == versions.day_of(clock.now())
    assert announced(app) == (1, 1)
    assert len(mailbox.letters(alice.email)) == 1
