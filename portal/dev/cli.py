"""`flask demo` and `flask serve`: trying the portal out."""

import json
import sys

import click
from flask.cli import with_appcontext

from portal.core.commands import NotReady, failing_clearly
from portal.core.database import db
from portal.dev import demo as demo_people
from portal.extensions import settings
from portal.serving.parent import serve as run_all


@click.command("demo")
@click.option("--customers", default=0, type=click.IntRange(0), help="How many customers more than the named ones.")
@click.option("--seed", default=1, help="The same seed makes the same people.")
@click.option("--if-empty", is_flag=True, help="Do nothing where somebody has an account already.")
@click.option("--json", "as_json", is_flag=True, help="Print the count as JSON.")
@with_appcontext
@failing_clearly
def demo(customers: int, seed: int, if_empty: bool, as_json: bool) -> None:
    """People and data to try the portal with; refuses in production."""
    if settings().is_production:
        raise NotReady("Demo people are for development: PORTAL_ENV is production.")
    made = 0
    if not if_empty or demo_people.is_empty():
        made = demo_people.make(customers=customers, seed=seed)
        db.session.commit()
    demo_people.people_file().write_text(demo_people.describe() + "\n", encoding="utf-8")
    click.echo(json.dumps({"users": made}) if as_json else f"{made} demo users made.")


@click.command("serve")
def serve() -> None:
    """Web, worker and (in development) a local mailbox in one foreground command; Ctrl-C ends all of it."""
    sys.exit(run_all())


COMMANDS = (demo, serve)
