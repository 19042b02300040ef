"""`flask worker`: background work, any number of them on any number of machines."""

import json
import logging

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.core.commands import NotReady
from portal.work import runner, worker


@click.command("worker")
@click.option("--until-empty", is_flag=True, help="Work until nothing is due within 15 minutes, then end.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@with_appcontext
def work(until_empty: bool, as_json: bool) -> None:
    """Do the background work: letters, exports, purges, notices."""
    if until_empty and runner.is_held_back():
        raise NotReady("The database is behind the ledger (a backup was restored): run `flask erasure replay` first.")
    if not until_empty:
        logging.getLogger("huey").setLevel(logging.WARNING)
        worker.work(current_app.extensions["queue"])
        return
    counts = runner.run_until_empty()
    shown = {name: counts[name] for name in ("done", "failed", "later", "lost")}
    click.echo(json.dumps(shown) if as_json else " · ".join(f"{name} {n}" for name, n in shown.items()))


COMMANDS = (work,)
