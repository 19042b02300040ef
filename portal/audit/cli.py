"""`flask audit verify`: does the chain hold."""

import json

import click
from flask.cli import AppGroup, with_appcontext

from portal.audit import chain
from portal.core.commands import failing_clearly

group = AppGroup("audit", help="The record of acts.")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@with_appcontext
@failing_clearly
def verify(as_json: bool) -> None:
    """Check the whole chain; exit 1 and name the first entry that does not fit."""
    entries, broken = chain.length(), chain.first_break()
    if as_json:
        click.echo(json.dumps({"entries": entries, "first_break": broken}))
    else:
        click.echo(f"The chain holds: {entries} entries." if broken is None else f"Entry {broken} does not fit.")
    if broken is not None:
        raise SystemExit(1)


COMMANDS = (group,)
