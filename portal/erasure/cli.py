"""`flask retention sweep|compact` and `flask erasure replay|verify`."""

import json
from typing import Any

import click
from flask.cli import with_appcontext

from portal.core.commands import failing_clearly
from portal.erasure import receipts, replay, residue, sweeping

as_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


@click.group("retention")
def retention() -> None:
    """Purge what is due, and what is too old."""


@retention.command("sweep")
@as_json
@with_appcontext
@failing_clearly
def sweep(as_json: bool) -> None:
    """Purge all that is due now; exit 1 when something failed."""
    counts = sweeping.sweep()
    _say(dict(counts), as_json)
    if counts["failed"]:
        raise SystemExit(1)


@retention.command("compact")
@as_json
@with_appcontext
@failing_clearly
def compact(as_json: bool) -> None:
    """The residue step at once: nothing readable stays where rows were."""
    is_done = residue.compact()
    _say({"compacted": is_done}, as_json)
    if not is_done:
        click.echo("Something was in the way; the next run tries again.", err=True)
        raise SystemExit(1)


@click.group("erasure")
def erasure() -> None:
    """Restores and receipts."""


@erasure.command("replay")
@as_json
@with_appcontext
@failing_clearly
def replay_ledger(as_json: bool) -> None:
    """After a restore: purge again all that the ledger says is gone."""
    counts = replay.replay()
    _say(dict(counts), as_json)
    if counts["purged"] < counts["missing"]:
        raise SystemExit(1)


@erasure.command("verify")
@click.argument("receipt", type=click.File("r", encoding="utf-8"))
@as_json
@with_appcontext
@failing_clearly
def verify(receipt: Any, as_json: bool) -> None:
    """Whether RECEIPT (a file, or - for standard input) is genuine."""
    try:
        given = json.load(receipt)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise click.UsageError("this is not a receipt: it is not JSON") from None
    is_genuine = receipts.is_genuine(given)
    _say({"genuine": is_genuine}, as_json)
    if not is_genuine:
        raise SystemExit(1)


def _say(facts: dict[str, Any], as_json: bool) -> None:
    shown = json.dumps(facts) if as_json else " · ".join(f"{name} {value}" for name, value in facts.items())
    click.echo(shown)


COMMANDS = (retention, erasure)
