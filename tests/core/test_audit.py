"""The audit chain: append-only, ids only; whoever changes the past is seen."""

from uuid import uuid4

import pytest
from sqlalchemy import delete, select, text, update

from portal.audit import chain
from portal.audit.models import AuditEntry
from portal.core.database import db


@pytest.fixture
def chained(app):
    """Five acts in three transactions."""
    with app.app_context():
        for acts in (("a.one", "a.two"), ("b.one",), ("c.one", "c.two")):
            for act in acts:
                chain.record(act, actor_id=uuid4(), customer_id=uuid4(), reason="because Trần Thị Bích asked")
            db.session.commit()
        yield
        db.session.rollback()


def entries():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()


def test_acts_are_chained_in_the_order_of_their_commits(chained):
    found = entries()

    assert [(e.seq, e.act) for e in found] == [(1, "a.one"), (2, "a.two"), (3, "b.one"), (4, "c.one"), (5, "c.two")]
    assert [e.previous for e in found] == [chain.START, *[e.digest for e in found[:-1]]]
    assert (chain.first_break(), chain.length()) == (None, 5)


def test_an_empty_chain_holds(app):
    with app.app_context():
        assert (chain.first_break(), chain.length()) == (None, 0)


def test_an_act_of_a_transaction_that_fails_is_not_in_the_chain(app, chained):
    chain.record("never.happened")
    db.session.rollback()
    db.session.execute(text("select 1"))
    db.session.commit()

    assert chain.length() == 5


@pytest.mark.parametrize(
    "changed", ["act", "subject_kind", "reason_digest", "actor_id", "customer_id", "previous", "digest"]
)
def test_changing_the_past_is_seen(chained, changed):
    value = uuid4() if changed.endswith("_id") else "0" * 64
    db.session.execute(update(AuditEntry).where(AuditEntry.seq == 3).values({changed: value}))
    db.session.commit()
    db.session.expire_all()

    assert chain.first_break() == 3


def test_a_time_moved_by_a_second_is_seen(chained):
    entry = entries()[3]
    entry.at = entry.at.replace(year=entry.at.year - 1)
    db.session.commit()

    assert chain.first_break() == 4


@pytest.mark.parametrize(("gone", "first"), [(1, 1), (3, 3)])
def test_a_missing_entry_is_seen(chained, gone, first):
    db.session.execute(delete(AuditEntry).where(AuditEntry.seq == gone))
    db.session.commit()

    assert chain.first_break() == first


def test_rewriting_one_entry_with_a_new_digest_breaks_the_next(chained):
    entry = entries()[1]
    entry.act = "a.forged"
    entry.digest = chain._digest(entry)
    db.session.commit()

    assert chain.first_break() == 3


def test_no_free_text_gets_into_the_chain(app, chained):
    said = repr([vars(entry) for entry in entries()])

    assert "Bích" not in said
    assert all(len(entry.reason_digest) == 64 for entry in entries())


def test_what_people_do_is_in_the_chain_by_id(app, browse_as, make_customer):
    alice = make_customer().admin

    browse_as(alice).submit("/sign-out", page="/overview")

    with app.app_context():
        acts = [(e.act, e.actor_id, e.subject_kind, e.subject_id, e.customer_id) for e in entries()]
        assert acts == [
            ("signin.started", alice.id, "user", alice.id, alice.customer_id),
            ("signin.ended", alice.id, "user", alice.id, alice.customer_id),
        ]
        assert chain.first_break() is None
