"""The doorbell: rung once the promise is committed, with the duty's name and nothing else."""

import pickle

import pytest
from sqlalchemy import text

from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.mailer.post import Reader, write
from portal.work import runner

FACTS = {"full_name": "Trần Thị Bích", "link": "https://portal.example.com/x"}


@pytest.fixture
def queue(app):
    with app.app_context():
        yield app.extensions["queue"]
        db.session.rollback()


def promise():
    return write("signin/reset-password", Reader("bich@example.com", "en"), FACTS)


def test_a_promise_rings_once_it_is_committed_and_not_before(queue):
    promise()
    db.session.flush()
    assert queue.pending_count() == 0

    db.session.commit()

    assert [task.args for task in queue.pending()] == [("letter",)]


def test_many_promises_in_one_transaction_ring_once(queue):
    for _ in range(5):
        promise()

    db.session.commit()

    assert queue.pending_count() == 1


def test_a_promise_that_was_rolled_back_rings_nobody(queue):
    promise()
    db.session.flush()
    db.session.rollback()
    db.session.execute(text("select 1"))
    db.session.commit()

    assert queue.pending_count() == 0


def test_nothing_of_a_person_is_in_the_queue(queue):
    promise()
    db.session.commit()

    everything = repr([pickle.loads(blob) for blob in queue.storage.enqueued_items()])

    assert "letter" in everything
    assert "bich" not in everything.lower()
    assert "Bích" not in everything


def test_a_rung_worker_does_the_work(queue, mailbox):
    promise()
    db.session.commit()

    queue.execute(queue.dequeue())

    assert mailbox.wait_for("bich@example.com")


def test_bells_that_were_lost_are_rung_again_by_the_sweeper(queue, mailbox):
    letter = promise()
    db.session.commit()
    queue.flush()
    assert queue.pending_count() == 0

    assert runner.sweep() == ["letter"]

    queue.execute(queue.dequeue())
    assert db.session.get_one(Letter, letter.id, populate_existing=True).state == LetterState.SENT
    assert runner.sweep() == []


def test_the_sweeper_does_not_ring_for_what_somebody_holds_or_what_is_not_due(queue, mailbox, move_clock):
    mailbox.down()
    promise()
    db.session.commit()
    runner.run("letter")

    assert runner.sweep() == []
    move_clock(seconds=40)
    assert runner.sweep() == ["letter"]
