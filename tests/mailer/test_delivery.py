"""Letters: none is lost while the server is away, none comes twice unseen, none keeps its words."""

from datetime import timedelta
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from portal.core import clock
from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.mailer.post import Reader, write
from portal.work import runner
from tests.support.browse import Browse
from tests.support.portal import free_port
from tests.support.portals import portal

ALICE, BOB = "alice@example.com", "bob@example.com"


def post(app, address=ALICE, *, hours=None, name="Alice"):
    """Write a letter as a room does, in a transaction of its own."""
    with app.app_context():
        facts = {"full_name": name, "link": "https://portal.example.com/reset-password/secret"}
        expires_at = clock.now() + timedelta(hours=hours) if hours else None
        letter = write("signin/reset-password", Reader(address, "en"), facts, expires_at=expires_at)
        db.session.commit()
        return letter.id


def letter_of(app, letter_id: UUID) -> Letter:
    with app.app_context():
        found = db.session.get_one(Letter, letter_id)
        db.session.expunge(found)
        return found


def test_a_letter_is_what_the_contract_says(app, mailbox, work):
    letter_id = post(app)

    work()

    message = mailbox.wait_for(ALICE).message
    assert message["To"] == ALICE
    assert message["From"] == "Smartos <no-reply@smartos.space>"
    assert message["Reply-To"] == "support@smartos.space"
    assert message["X-Portal-Letter"] == "signin/reset-password"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<letter-{letter_id}@smartos.space>"
    assert message["Date"].datetime.utcoffset() == timedelta()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not {"Cc", "Bcc"} & set(message.keys())


def test_once_accepted_a_letter_has_no_words_left(app, mailbox, work):
    letter_id = post(app)

    work()

    sent = letter_of(app, letter_id)
    assert (sent.state, sent.subject, sent.text, sent.html, sent.due_at) == (LetterState.SENT, None, None, None, None)
    assert sent.sent_at is not None


def test_a_letter_of_a_transaction_that_fails_is_never_sent(app, mailbox, work):
    with app.app_context():
        write("signin/reset-password", Reader(ALICE, "en"), {"full_name": "Alice", "link": "x"})
        db.session.rollback()

    work()

    assert mailbox.empty()


def test_a_server_down_for_an_hour_delays_letters_and_loses_none(app, mailbox, work, move_clock):
    mailbox.down()
    first, second = post(app), post(app, BOB)
    waits = []
    for minutes in range(0, 60, 5):
        move_clock(seconds=minutes * 60)
        work()
        row = letter_of(app, first)
        waits.append((row.due_at - clock.now()).total_seconds())
        assert row.text is not None
    assert letter_of(app, first).attempts < 12
    assert max(waits) > 5 * min(waits)

    mailbox.up()
    move_clock(hours=2)
    work()

    assert len(mailbox.letters(ALICE)) == len(mailbox.letters(BOB)) == 1
    assert {letter_of(app, one).state for one in (first, second)} == {LetterState.SENT}


def test_while_the_server_is_down_one_letter_asks_for_all(app, mailbox):
    mailbox.down()
    ids = [post(app, f"person{n}@example.com") for n in range(5)]

    with app.app_context():
        done = runner.run("letter")

    assert done == {"later": 1}
    assert sorted(letter_of(app, one).attempts for one in ids) == [0, 0, 0, 0, 1]


def test_the_person_notices_nothing_of_a_mail_server_that_is_away(app, browse, make_customer, mailbox):
    alice = make_customer().admin
    mailbox.down()

    reply = browse.submit("/forgot-password", {"email": alice.email})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/forgot-password/sent")


def test_not_now_is_tried_again(app, mailbox, work, move_clock):
    mailbox.defer(ALICE)
    letter_id = post(app)
    work()
    assert mailbox.empty()
    assert letter_of(app, letter_id).failure == "SMTPRecipientsRefused"

    move_clock(seconds=40)
    work()

    assert len(mailbox.letters(ALICE)) == 1
    assert letter_of(app, letter_id).failure is None


def test_never_is_not_tried_again_is_seen_as_failed_and_stops_nobody_elses_letter(app, mailbox, work, move_clock):
    mailbox.refuse(ALICE)
    refused, other = post(app), post(app, BOB)

    work()
    move_clock(days=1)
    work()

    row = letter_of(app, refused)
    assert (row.state, row.attempts, row.due_at) == (LetterState.FAILED, 1, None)
    assert row.dead_at is not None
    assert (row.text, row.html, row.subject, row.address) == (None, None, None, None)
    assert letter_of(app, other).state == LetterState.SENT
    assert [letter.recipient for letter in mailbox.letters()] == [BOB]


def test_an_answer_that_is_lost_makes_at_most_one_repeat_with_the_same_message_id(app, mailbox, work, move_clock):
    mailbox.drop_answer(keep=True)
    letter_id = post(app)
    work()
    assert letter_of(app, letter_id).state == LetterState.QUEUED

    move_clock(seconds=40)
    work()
    move_clock(days=1)
    work()

    ids = [letter.message["Message-ID"] for letter in mailbox.letters(ALICE)]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert letter_of(app, letter_id).state == LetterState.SENT


def test_a_line_cut_before_the_letter_was_taken_costs_nothing(app, mailbox, work, move_clock):
    mailbox.drop_answer(keep=False)
    post(app)
    work()

    move_clock(seconds=40)
    work()

    assert len(mailbox.letters(ALICE)) == 1


@pytest.mark.parametrize(
    "name", ["Alice\nBcc: mallory@example.com", "Alice\r\nSubject: x", "Alice <mallory@example.com>"]
)
def test_a_name_stays_a_name(app, mailbox, work, name):
    with app.app_context():
        write("joining/welcome", Reader(ALICE, "en"), {"full_name": name, "sign_in": "https://portal.example.com"})
        db.session.commit()

    work()

    (letter,) = mailbox.letters()
    assert letter.recipient == ALICE
    assert (letter.message["To"], letter.message["Bcc"]) == (ALICE, None)
    assert letter.subject == "Your account at Smartos is open"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "address", ["alice@example.com\nbcc: mallory@example.com", "alice@example.com, mallory@example.com", "alice"]
)
def test_an_address_that_is_two_reaches_nobody(app, mailbox, work, address):
    letter_id = post(app, address)

    work()

    assert mailbox.empty()
    assert letter_of(app, letter_id).state != LetterState.SENT


def test_markup_in_a_name_is_shown_and_not_obeyed(app, mailbox, work):
    post(app, name="<script>alert(1)</script>{{ 7 * 7 }}")

    work()

    letter = mailbox.wait_for(ALICE)
    assert "<script>alert" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "Hello <script>alert(1)</script>{{ 7 * 7 }}" in letter.text


def test_clause_8_7_a_letter_whose_link_is_stale_is_not_sent_any_more(app, mailbox, work, move_clock):
    mailbox.down()
    letter_id = post(app, hours=1)
    work()

    mailbox.up()
    move_clock(hours=1.1)
    work()

    row = letter_of(app, letter_id)
    assert mailbox.empty()
    assert (row.state, row.text, row.html, row.subject) == (LetterState.CANCELLED, None, None, None)


def test_many_letters_go_over_one_line(app, mailbox, work):
    for n in range(20):
        post(app, f"person{n}@example.com")
    seen = []
    original = mailbox._session

    def counting():
        seen.append(1)
        return original()

    mailbox.down()
    mailbox._session = counting
    mailbox.up()
    try:
        work()
    finally:
        mailbox.down()
        mailbox._session = original
        mailbox.up()

    assert len(mailbox.letters()) == 20
    assert len(seen) == 1


def test_a_queue_that_is_down_costs_a_minute_and_no_letter(environ, mailbox):
    with portal(environ | {"PORTAL_QUEUE_URL": "redis://127.0.0.1:1/0"}) as app:
        browse = Browse(app)
        fields = {
            "kind": "individual",
            "full_name": "Chi",
            "email": "chi@example.com",
            "password": "sông Hàn lúc nửa đêm",
        }

        reply = browse.submit("/sign-up", {**fields, "age_confirmed": "y", "accept_policy": "y"})

        assert reply.status_code == 303
        with app.app_context():
            assert db.session.scalar(select(Letter.state)) == LetterState.QUEUED
            runner.run("letter")
            db.session.remove()
    assert mailbox.wait_for("chi@example.com", "joining/verify")


class Unwilling:
    """A server that refuses, or puts off, what it has just been given."""

    def __init__(self, answer):
        self.answer = answer

    async def handle_DATA(self, server, session, envelope):
        return self.answer


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("answer", "state"), [("554 5.6.0 Not this", LetterState.FAILED), ("452 4.3.1 Not now", LetterState.QUEUED)]
)
def test_a_letter_refused_once_it_was_read_fails_and_one_put_off_waits(environ, answer, state):
    server = Controller(Unwilling(answer), hostname="127.0.0.1", port=free_port())
    server.start()
    with portal(environ | {"PORTAL_SMTP_URL": f"smtp://127.0.0.1:{server.port}"}) as app:
        letter_id = post(app)
        with app.app_context():
            runner.run("letter")
            db.session.remove()
        assert letter_of(app, letter_id).state == state
    server.stop()
