"""A letter that came back is noted where it belongs, once, and nobody can forge that (RFC 3464, decision 0027)."""

from email.utils import format_datetime

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.mailer import verp
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState
from tests.notices import bounce_samples as samples
from tests.notices.conftest import LETTER

BOUNCED, SENT, QUEUED = DeliveryState.BOUNCED, DeliveryState.SENT, DeliveryState.QUEUED


@pytest.fixture
def going_on(app, make_customer, mailbox):
    """Somebody else whose letter waits, so that the sending is not over."""
    other = make_customer().admin
    mailbox.defer(other.email)
    return other


def audited(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditEntry))


def now():
    return format_datetime(clock.now())


def test_each_letter_of_a_notice_leaves_with_an_address_of_its_own(app, audience, delivered, mailbox):
    addresses = audience(3)

    delivered()

    senders = {letter.recipient: letter.sender for letter in mailbox.letters(letter=LETTER)}
    assert set(senders) == set(addresses)
    assert len(set(senders.values())) == 3
    with app.app_context():
        for address, sender in senders.items():
            kind, number = verp.read(sender)
            found = db.session.get_one(Delivery, number)
            assert (kind, db.session.get_one(User, found.user_id).email) == ("n", address)
    assert all(letter.message["From"] == "Smartos <no-reply@smartos.space>" for letter in mailbox.letters())


@pytest.mark.parametrize("server", samples.SERVERS)
def test_nobody_there_is_noted_at_the_delivery_the_address_and_the_person(
    an, delivered, bounce, delivery_of, stands, server
):
    to = delivered()[an.email]

    outcome = bounce(samples.report(to, an.email, server=server))

    found = delivery_of(an)
    assert (outcome, found.state, found.bounce) == ("bounced", BOUNCED, "5.1.1")
    assert found.bounced_at is not None
    assert stands(an) == (True, ["hard-bounce"], True)


def test_a_report_that_comes_again_changes_nothing_more(app, an, delivered, bounce, delivery_of):
    content = samples.report(delivered()[an.email], an.email)
    bounce(content)
    first, acts = delivery_of(an), audited(app)

    outcome = bounce(content)

    assert outcome == "known-already"
    assert delivery_of(an).bounced_at == first.bounced_at
    assert audited(app) == acts


def forged(to):
    payload, _, rest = to.partition("-")
    return f"{payload}-{'0' * 20}{rest[20:]}"


@pytest.mark.parametrize(
    "make",
    [
        lambda to, address: samples.report(forged(to), address),
        lambda _to, address: samples.report("no-reply@smartos.space", address),
        lambda _to, address: samples.report("bounces@smartos.space", address),
        lambda _to, _address: b"",
        lambda _to, _address: b"\0\0\0\xff" * 1000,
    ],
    ids=["forged", "unsigned", "bare", "empty", "noise"],
)
def test_what_nobody_signed_changes_nothing_and_ends_well(app, an, delivered, bounce, delivery_of, stands, make):
    to = delivered()[an.email]
    acts = audited(app)

    outcome = bounce(make(to, an.email))

    assert outcome == "unsigned"
    assert delivery_of(an).state == SENT
    assert stands(an) == (False, [], False)
    assert audited(app) == acts


@pytest.mark.parametrize(
    "make", [samples.away, lambda to, address: samples.report(to, address, action="delayed")], ids=["away", "delayed"]
)
def test_an_automatic_answer_and_a_delay_change_nothing(an, delivered, bounce, delivery_of, stands, make):
    to = delivered()[an.email]

    outcome = bounce(make(to, an.email))

    assert outcome == "nothing-to-change"
    assert delivery_of(an).state == SENT
    assert stands(an) == (False, [], False)


def test_no_report_is_ever_answered(an, delivered, bounce, work, mailbox):
    to = delivered()[an.email]
    before = len(mailbox.letters())

    for content in (samples.report(to, an.email), samples.away(to), samples.complaint(to), b""):
        bounce(content)
    work()

    assert len(mailbox.letters()) == before


def test_the_report_names_the_letter_whatever_it_says_of_its_recipient(
    an, make_customer, delivered, bounce, delivery_of, stands
):
    other = make_customer().admin
    to = delivered()[an.email]

    bounce(samples.report(to, other.email))

    assert (delivery_of(an).state, delivery_of(other).state) == (BOUNCED, SENT)
    assert stands(other)[0] is False


def test_unwanted_is_counted_but_the_address_is_good(an, delivered, bounce, delivery_of, stands):
    to = delivered()[an.email]

    outcome = bounce(samples.report(to, an.email, status="5.7.1"))

    assert (outcome, delivery_of(an).state, delivery_of(an).bounce) == ("bounced", BOUNCED, "5.7.1")
    assert stands(an) == (False, [], False)


def test_not_now_is_sent_again_later_as_the_same_message(
    an, going_on, delivered, bounce, delivery_of, stands, work, mailbox, move_clock
):
    to = delivered()[an.email]

    outcome = bounce(samples.report(to, an.email, status="4.2.2"))
    waiting = delivery_of(an)
    work()
    at_once = len(mailbox.letters(an.email))
    move_clock(hours=5)
    work()

    assert (outcome, waiting.state) == ("queued-again", QUEUED)
    assert at_once == 1
    first, second = mailbox.letters(an.email)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.sender == second.sender
    assert delivery_of(an).state == SENT
    assert stands(an) == (False, [], False)


def test_a_report_about_the_first_letter_does_not_count_for_the_second(
    an, going_on, delivered, bounce, delivery_of, work, move_clock
):
    early = samples.report(delivered()[an.email], an.email, status="4.2.2", date=now())
    bounce(early)
    while_waiting = bounce(early)
    move_clock(hours=5)
    work()

    outcome = bounce(early)

    assert (while_waiting, outcome) == ("known-already", "known-already")
    assert (delivery_of(an).state, delivery_of(an).soft_bounces) == (SENT, 1)


def test_three_times_not_now_is_no_more(
    app, an, going_on, delivered, bounce, delivery_of, stands, work, mailbox, move_clock
):
    to = delivered()[an.email]
    outcomes = []
    for hours in (5, 35, 36):
        mailbox.defer(going_on.email)
        outcomes.append(bounce(samples.report(to, an.email, status="5.2.2", date=now())))
        with app.app_context():  # the other one's letter has not left yet, so the sending goes on
            notice = db.session.scalars(select(Notice)).one()
            notice.state = NoticeState.SENDING
            db.session.commit()
        move_clock(hours=hours)
        work()

    assert outcomes == ["queued-again", "queued-again", "bounced"]
    assert len(mailbox.letters(an.email)) == 3
    assert (delivery_of(an).state, delivery_of(an).bounce) == (BOUNCED, "5.2.2")
    assert stands(an) == (True, ["soft-bounces"], True)


@pytest.mark.parametrize("status", ["4.2.2", "5.1.1"])
def test_a_sending_that_is_over_stays_over_and_counts_what_comes_back(
    app, an, delivered, bounce, delivery_of, counts, work, mailbox, move_clock, status
):
    to = delivered()[an.email]

    bounce(samples.report(to, an.email, status=status))
    move_clock(days=3)
    work()

    found = delivery_of(an)
    assert (found.state, found.bounce) == (BOUNCED, status)
    assert len(mailbox.letters(an.email)) == 1
    assert counts(found.notice_id).bounced == 1
    with app.app_context():
        assert db.session.get_one(Notice, found.notice_id).state == NoticeState.DONE


def test_who_has_another_address_by_now_is_not_blamed_for_the_old_one(
    app, an, delivered, bounce, delivery_of, stands, move_clock
):
    to, old = delivered()[an.email], an.email
    move_clock(hours=1)
    with app.app_context():
        user = db.session.get_one(User, an.id)
        user.email = user.email_key = "new@example.com"
        user.email_verified_at = clock.now()
        db.session.commit()

    outcome = bounce(samples.report(to, old))

    assert (outcome, delivery_of(an).state) == ("bounced", BOUNCED)
    assert stands(an) == (False, [], False)


def test_the_address_the_pipe_gives_is_enough(an, delivered, bounce, delivery_of):
    to = delivered()[an.email]
    content = samples.report("postmaster@smartos.space", an.email)

    assert bounce(content, "--recipient", to) == "bounced"
    assert delivery_of(an).state == BOUNCED


def test_a_letter_of_somebody_erased_changes_nothing(app, an, delivered, bounce):
    to = delivered()[an.email]
    with app.app_context():
        db.session.execute(db.delete(Delivery))
        db.session.commit()

    assert bounce(samples.report(to, an.email)) == "gone"


def test_ten_megabytes_are_taken_off_the_pipe_and_read_as_far_as_needed(an, delivered, bounce, delivery_of):
    content = samples.report(delivered()[an.email], an.email) + b"x" * 10_000_000

    assert bounce(content) == "bounced"
    assert delivery_of(an).state == BOUNCED


def test_no_address_is_printed_logged_or_sealed(app, an, delivered, caplog, capfd):
    to = delivered()[an.email]
    capfd.readouterr()

    result = app.test_cli_runner().invoke(args=["mail", "bounce"], input=samples.report(to, an.email))

    assert result.output.startswith("The letter came back")
    everything = result.output + caplog.text + "".join(capfd.readouterr())
    assert an.email not in everything
    assert to not in everything


def test_without_its_tables_the_command_says_not_ready(app):
    with app.app_context():
        to = verp.envelope_sender("n", 1)
        db.session.execute(db.text("drop table delivery"))
        db.session.commit()

    result = app.test_cli_runner().invoke(args=["mail", "bounce"], input=samples.report(to))

    assert result.exit_code == 3
    assert "flask db upgrade" in result.output
