"""`flask mail bounce`: what a mail server's pipe gives a delivery report to."""

import json
import sys
from typing import BinaryIO

import click
from flask.cli import AppGroup

from portal.core.commands import failing_clearly
from portal.core.database import db
from portal.notices.returns import bounces
from portal.notices.returns.bounces import Outcome
from portal.notices.returns.reports import READ_BYTES

group = AppGroup("mail", help="Mail that comes in.")
WORDS = {
    Outcome.BOUNCED: "The letter came back; noted.",
    Outcome.QUEUED_AGAIN: "The letter came back for now; it is sent again later.",
    Outcome.WITHDRAWN: "A complaint: the consent is withdrawn.",
    Outcome.KNOWN: "Nothing new: this was known already.",
    Outcome.UNCHANGED: "Nothing came back for good; nothing was changed.",
    Outcome.GONE: "The letter it is about is not kept any more; nothing was changed.",
    Outcome.UNSIGNED: "No address signed by this portal is in it; nothing was changed.",
}


@group.command("bounce")
@click.option("--recipient", default="", metavar="ADDRESS", help="The envelope's recipient, where a pipe gives it.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@failing_clearly
def bounce(recipient: str, as_json: bool) -> None:
    """One delivery report or complaint, on standard input, as a mail server's pipe gives it.

    Ends with 0 whatever the message is, so that no server answers a report with a report.
    """
    outcome = bounces.receive(_read(sys.stdin.buffer), recipient=recipient)
    db.session.commit()
    click.echo(json.dumps({"outcome": outcome.value}) if as_json else WORDS[outcome])


def _read(stream: BinaryIO) -> bytes:
    """As much as is looked at; the rest is taken off the pipe, since a server minds one that closes early."""
    kept = stream.read(READ_BYTES)
    while stream.read(READ_BYTES):
        pass
    return kept


COMMANDS = (group,)
