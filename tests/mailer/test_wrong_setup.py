"""A mail server that refuses us, and not the letter, costs no letter: all wait until the set-up is mended."""

import smtplib

import pytest
from sqlalchemy import select

from portal.core.database import db
from portal.mailer import delivery
from portal.mailer.models import Letter, LetterState


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPAuthenticationError(535, b"wrong password"),
        smtplib.SMTPSenderRefused(550, b"not from here", "no-reply@smartos.space"),
        smtplib.SMTPConnectError(554, b"no service"),
    ],
)
def test_a_refusal_of_our_own_set_up_is_not_the_letters_fault(error):
    assert not delivery._is_for_good(error)


def test_letters_wait_while_the_server_refuses_our_password(app, environ, browse, make_customer, mailbox, work):
    bich = make_customer().admin
    browse.submit("/forgot-password", {"email": bich.email})
    app.config["MAIL_USERNAME"], app.config["MAIL_PASSWORD"] = "portal", "wrong"
    mail = app.extensions["mail_carrier"]
    mail.state.username, mail.state.password = "portal", "wrong"  # the test server offers no sign-in at all

    work()

    with app.app_context():
        letter = db.session.scalar(select(Letter))
        assert (letter.state, letter.dead_at) == (LetterState.QUEUED, None)
        assert letter.text
    assert mailbox.empty()
