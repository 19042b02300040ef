"""`flask notices status`: how the sendings go."""

import json
from uuid import UUID

import click
from flask.cli import AppGroup

from portal.core.commands import failing_clearly
from portal.core.database import db
from portal.notices import progress
from portal.notices.models import Notice

group = AppGroup("notices", help="Notices to many people.")
SHOWN = ("recipients", "queued", "sent", "bounced", "failed", "suppressed", "possible_duplicates")


@group.command("status")
@click.argument("notice_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@failing_clearly
def status(notice_id: UUID | None, as_json: bool) -> None:
    """One notice, or all of them, the newest first."""
    notices = progress.all_notices() if notice_id is None else [_one(notice_id)]
    counted = progress.counts([notice.id for notice in notices])
    found = [progress.facts(notice, counted[notice.id]) for notice in notices]
    if as_json:
        click.echo(json.dumps(found if notice_id is None else found[0]))
        return
    for fact in found:
        numbers = " · ".join(f"{name.replace('_', ' ')} {fact[name]}" for name in SHOWN)
        click.echo(f"{fact['id']}  {fact['state']}: {numbers}")
    if not found:
        click.echo("No notice has been sent yet.")


def _one(notice_id: UUID) -> Notice:
    notice = db.session.get(Notice, notice_id)
    if notice is None:
        raise click.ClickException(f"There is no notice {notice_id}.")
    return notice


COMMANDS = (group,)
