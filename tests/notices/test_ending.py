"""A notice is done when nothing is left of it, whatever moves from one hand to the other while a lane looks."""

from collections import Counter

import pytest
from sqlalchemy import event

from portal.core.database import db
from portal.notices import service
from portal.notices.engine import marking
from tests.notices.conftest import LETTER, copies


@pytest.fixture
def while_asked(app):
    """Do something, once, behind the statement with `words` in it: another session's, before this one's next."""
    heard = []

    def once(act, *, words):
        def hear(connection, cursor, statement, *rest):
            if words in statement and hear in heard:
                heard.remove(hear)
                with app.app_context():
                    act()

        heard.append(hear)
        event.listen(engine, "after_cursor_execute", hear)
        listening.append(hear)

    listening = []
    with app.app_context():
        engine = db.engine
    yield once
    for hear in listening:
        event.remove(engine, "after_cursor_execute", hear)
    assert not heard, "nobody asked"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite lets nobody else write meanwhile
def test_a_lane_that_ends_while_the_last_letters_are_put_off_ends_its_lane_only(
    audience, documents, sendings, work, mailbox, states, move_clock, monkeypatch, while_asked
):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", 2)  # two lanes
    addresses = audience(2)
    notice = documents.announce()
    held = sendings.take(notice, lane=0)

    while_asked(lambda: [marking.mark_refused(one, 451) for one in held], words="min(delivery.retry_at)")
    work()  # of the other lane, which finds nothing to send

    assert states(notice) == ("sending", Counter(queued=2))
    move_clock(seconds=60)
    work()
    assert copies(mailbox, LETTER) == Counter(addresses)
    assert states(notice) == ("done", Counter(sent=2))
