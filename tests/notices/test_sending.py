"""A notice reaches everyone once, whatever the mail server does (clause 12.3)."""

from collections import Counter

from portal.accounts.models import User
from portal.core.database import db
from portal.notices import service
from portal.notices.models import Delivery, Notice
from tests.notices.conftest import LETTER, copies


def test_clause_12_3_everyone_gets_one_letter_in_their_language(audience, documents, work, mailbox, states):
    addresses = audience(12)

    notice = documents.announce()
    work()

    assert copies(mailbox) == Counter(addresses)
    assert states(notice) == ("done", Counter(sent=12))
    subjects = {letter.recipient: letter.subject for letter in mailbox.letters(letter=LETTER)}
    assert all("Chính sách quyền riêng tư" in subjects[address] for address in addresses[::2])
    assert all("Our privacy policy" in subjects[address] for address in addresses[1::2])


def test_people_who_are_closing_their_account_are_told_too(app, make_customer, documents, work, mailbox):
    closing = make_customer().admin
    with app.app_context():
        db.session.get_one(User, closing.id).closing_since = closing.created_at
        db.session.commit()

    documents.announce()
    work()

    assert copies(mailbox) == {closing.email: 1}


def test_who_joins_after_publishing_is_not_written_to(make_customer, documents, work, mailbox):
    alice = make_customer().admin
    documents.announce()
    make_customer()

    work()

    assert copies(mailbox) == {alice.email: 1}


def test_no_letter_names_another_person(audience, documents, work, mailbox):
    addresses = audience(5)

    documents.announce()
    work()

    for letter in mailbox.letters(letter=LETTER):
        others = [address for address in addresses if address != letter.recipient]
        assert not any(other.encode() in letter.content for other in others)
        assert letter.message["To"] == letter.recipient


def test_a_name_stays_a_name(make_customer, documents, work, mailbox):
    eve = make_customer(full_name='<b>Eve</b>, "%(name)s" {{ 7*7 }} $HOME').admin

    documents.announce()
    work()

    letter = mailbox.wait_for(eve.email)
    assert 'Hello <b>Eve</b>, "%(name)s" {{ 7*7 }} $HOME,' in letter.text
    assert "&lt;b&gt;Eve&lt;/b&gt;" in letter.html
    assert "<b>Eve" not in letter.html


def test_a_refused_address_is_listed_and_stops_nobody(audience, documents, work, mailbox, states):
    addresses = audience(6)
    mailbox.refuse(addresses[2])

    notice = documents.announce()
    work()

    assert copies(mailbox) == Counter(a for a in addresses if a != addresses[2])
    assert states(notice) == ("done", Counter(sent=5, failed=1))


def test_a_deferred_address_is_tried_again_later(audience, documents, work, mailbox, states, move_clock):
    addresses = audience(4)
    mailbox.defer(addresses[1])
    notice = documents.announce()

    work()
    assert states(notice) == ("sending", Counter(sent=3, queued=1))
    move_clock(seconds=60)
    work()

    assert copies(mailbox) == Counter(addresses)
    assert states(notice) == ("done", Counter(sent=4))


def test_an_address_deferred_for_ever_is_given_up(audience, documents, work, mailbox, states, move_clock):
    addresses = audience(2)
    mailbox.defer(addresses[0], times=100)
    notice = documents.announce()

    for hour in range(14):
        move_clock(hours=hour)
        work()

    assert states(notice) == ("done", Counter(sent=1, failed=1))


def test_a_cut_line_after_the_letter_left_counts_as_a_possible_duplicate(
    audience, documents, work, mailbox, states, counts
):
    addresses = audience(5)
    mailbox.drop_answer(times=1, keep=True)

    notice = documents.announce()
    work()

    letters = [letter for letter in mailbox.letters(letter=LETTER) if copies(mailbox)[letter.recipient] == 2]
    assert set(copies(mailbox)) == set(addresses)
    assert len(letters) == 2
    assert letters[0].message["Message-ID"] == letters[1].message["Message-ID"]
    assert states(notice) == ("done", Counter({"sent": 4, "possible-duplicate": 1}))
    assert counts(notice).sent == 5
    assert counts(notice).possible_duplicates == 1


def test_a_cut_line_that_lost_the_letter_loses_nobody(audience, documents, work, mailbox, counts):
    addresses = audience(5)
    mailbox.drop_answer(times=2, keep=False)

    notice = documents.announce()
    work()

    assert copies(mailbox) == Counter(addresses)
    assert counts(notice).possible_duplicates == 2


def test_letters_wait_while_the_server_is_down(audience, documents, work, mailbox, states, move_clock):
    addresses = audience(3)
    mailbox.down()
    notice = documents.announce()

    work()
    assert states(notice) == ("sending", Counter(queued=3))
    mailbox.up()
    move_clock(hours=1)
    work()

    assert copies(mailbox) == Counter(addresses)
    assert states(notice) == ("done", Counter(sent=3))


def test_message_ids_are_stable_and_different(audience, documents, work, mailbox):
    audience(4)

    documents.announce()
    work()

    ids = [letter.message["Message-ID"] for letter in mailbox.letters(letter=LETTER)]
    assert len(set(ids)) == 4


def test_somebody_erased_before_the_letter_left_gets_none(app, make_customer, documents, work, mailbox, states):
    alice, bob = make_customer().admin, make_customer().admin
    notice = documents.announce()
    with app.app_context():
        db.session.execute(db.delete(Delivery).where(Delivery.user_id == bob.id))
        db.session.commit()

    work()

    assert copies(mailbox) == {alice.email: 1}
    assert states(notice) == ("done", Counter(sent=1))


def test_the_audience_is_one_statement_whatever_its_size(app, audience, documents, statements):
    def cost(people: int) -> int:
        audience(people)
        number = documents.draft()
        with statements() as seen:
            documents.publish(number, severity="major")
        return len(seen)

    documents.first()

    assert cost(3) == cost(20)


def test_a_paused_sending_waits_and_goes_on(app, audience, make_operator, documents, work, mailbox, states):
    operator = make_operator()
    addresses = [*audience(4), operator.email]
    notice = documents.announce()

    with app.app_context():
        service.pause(service.locked(notice), by=operator)
        db.session.commit()
    work()
    assert states(notice) == ("paused", Counter(queued=5))
    with app.app_context():
        service.resume(service.locked(notice), by=operator)
        db.session.commit()
    work()

    assert copies(mailbox) == Counter(addresses)
    assert states(notice) == ("done", Counter(sent=5))


def test_a_cancelled_sending_writes_to_nobody_else(app, audience, make_operator, documents, work, mailbox, states):
    operator = make_operator()
    audience(3)
    notice = documents.announce()

    with app.app_context():
        service.cancel(service.locked(notice), by=operator)
        db.session.commit()
    at_once = states(notice)
    work()

    assert mailbox.empty()
    assert at_once == ("cancelled", Counter(cancelled=4))
    assert states(notice) == ("cancelled", Counter(cancelled=4))


def test_more_lanes_share_the_work_of_many_without_a_repeat(app, audience, documents, work, mailbox, monkeypatch):
    monkeypatch.setattr(service, "RECIPIENTS_PER_LANE", 10)
    addresses = audience(45)

    notice = documents.announce()
    work()

    assert copies(mailbox) == Counter(addresses)
    with app.app_context():
        assert db.session.get_one(Notice, notice).state == "done"


def test_an_address_that_no_message_can_carry_stops_nobody_else(app, make_customer, documents, work, mailbox, states):
    odd, alice = make_customer().admin, make_customer().admin
    with app.app_context():
        db.session.get_one(User, odd.id).email = "a\r\nBcc: eve@example.com"
        db.session.commit()

    notice = documents.announce()
    work()

    assert copies(mailbox) == {alice.email: 1}
    assert states(notice) == ("done", Counter(sent=1, failed=1))
