"""A single letter that comes back: noted, never sent again, and its address minded (docs/decisions/0027)."""

import pytest
from sqlalchemy import func, select

from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.notices.models import Suppression
from tests.notices import bounce_samples as samples


@pytest.fixture
def letter_to(browse, work, mailbox):
    """Ask for a new password; the envelope sender of the letter about it."""

    def ask(user):
        browse.submit("/forgot-password", {"email": user.email})
        work()
        return mailbox.wait_for(user.email, "signin/reset-password").sender

    return ask


def state_of_letters(app):
    with app.app_context():
        return db.session.scalars(select(Letter.state)).all()


def test_a_single_letter_that_comes_back_is_noted_and_not_sent_again(app, an, letter_to, bounce, stands, work, mailbox):
    to = letter_to(an)

    outcomes = [bounce(samples.report(to, an.email)) for _ in range(2)]
    work()

    assert outcomes == ["bounced", "known-already"]
    assert state_of_letters(app) == [LetterState.BOUNCED]
    assert stands(an) == (True, ["hard-bounce"], True)
    assert len(mailbox.letters(an.email)) == 1


@pytest.mark.parametrize("status", ["4.2.2", "5.7.1"])
def test_a_single_letter_that_may_do_better_tomorrow_suppresses_nobody(app, an, letter_to, bounce, stands, status):
    bounce(samples.report(letter_to(an), an.email, status=status))

    assert state_of_letters(app) == [LetterState.BOUNCED]
    assert stands(an) == (False, [], False)


def test_a_letter_that_was_asked_for_is_sent_to_a_suppressed_address_too(an, letter_to, bounce, mailbox):
    bounce(samples.report(letter_to(an), an.email))

    letter_to(an)

    assert len(mailbox.letters(an.email)) == 2


def test_a_letter_to_nobodys_account_leaves_no_address_behind(app, browse, work, mailbox, bounce):
    fields = {"kind": "individual", "full_name": "Chi", "email": "chi@example.com", "password": "sông Hàn lúc nửa đêm"}
    browse.submit("/sign-up", {**fields, "age_confirmed": "y", "accept_policy": "y"})
    work()
    to = mailbox.wait_for("chi@example.com", "joining/verify").sender

    outcome = bounce(samples.report(to, "chi@example.com"))

    assert (outcome, state_of_letters(app)) == ("bounced", [LetterState.BOUNCED])
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Suppression)) == 0
