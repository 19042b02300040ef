"""`flask policies import|publish`: a version from text files, and into the world."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from portal.core import words
from portal.core.commands import failing_clearly
from portal.core.database import db
from portal.policies import service, versions
from portal.policies.clauses import NumbersOutOfOrder, TextRefused
from portal.policies.models import PolicyKind, PolicyVersion, Severity
from portal.policies.source_text import MAX_BYTES

group = AppGroup("policies", help="The privacy policy and the Terms of Service.")
kind_option = click.option("--kind", type=click.Choice([kind.value for kind in PolicyKind]), required=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")

REFUSALS = {
    "empty": "there is nothing in it",
    "not-text": "it is not a plain text or Markdown file in UTF-8",
    "too-long": f"it has more than {MAX_BYTES // 1000} kB or more than 500 clauses",
    "no-headings": "no line in it begins an article, as “1. Introduction” would",
}


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@kind_option
@click.option("--locale", type=click.Choice(["vi", "en"]), required=True)
@click.option("--number", type=click.IntRange(min=1), help="Add this language to a draft that is there.")
@json_option
@failing_clearly
def import_text(file: Path, kind: str, locale: str, number: int | None, as_json: bool) -> None:
    """A draft from a text or Markdown FILE."""
    try:
        version = service.draft(PolicyKind(kind), locale, _beginning_of(file), number=number)
    except TextRefused as refusal:
        raise click.ClickException(f"{file.name} cannot be imported: {_why(refusal)}.") from refusal
    except service.NoSuchDraft as missing:
        raise click.ClickException(f"There is no draft {number} of {kind}.") from missing
    except service.AlreadyPublished as late:
        raise click.ClickException(f"Version {number} of {kind} is published and does not change any more.") from late
    db.session.commit()
    _tell(version, as_json, f"Draft {version.number} of {kind} ({locale}): {_size(version, locale)} clauses.")


def _beginning_of(file: Path) -> bytes:
    """The file, or so much of it that it is refused as too long."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file.name} cannot be read: {error.strerror}.") from error


def _size(version: PolicyVersion, locale: str) -> int:
    text = version.text(locale)
    return len(text.clauses) if text else 0


def _why(refusal: TextRefused) -> str:
    if isinstance(refusal, NumbersOutOfOrder):
        return f"number {refusal.found} cannot stand where it stands"
    return REFUSALS[refusal.reason]


class Day(click.ParamType[date]):
    """A calendar day such as 2027-03-01."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail("must be a day such as 2027-03-01.", param, ctx)


class Summary(click.ParamType[str]):
    """A few sentences for people."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return words.clean(str(value), lines=True)
        except words.Unprintable:
            self.fail("holds a character that cannot be printed.", param, ctx)


@group.command("publish")
@click.argument("number", type=click.IntRange(min=1))
@kind_option
@click.option("--severity", type=click.Choice([severity.value for severity in Severity]), required=True)
@click.option("--summary-vi", type=Summary(), default="", help="What changes, in Vietnamese.")
@click.option("--summary-en", type=Summary(), default="", help="What changes, in English.")
@click.option("--effective-on", type=Day(), help="The day it takes effect; today when left out or past.")
@json_option
@failing_clearly
def publish(number: int, kind: str, severity: str, as_json: bool, **rest: Any) -> None:
    """Put version NUMBER into the world; a major one is announced to everyone by e-mail."""
    version = versions.find(PolicyKind(kind), number)
    if version is None:
        raise click.ClickException(f"There is no version {number} of {kind}.")
    try:
        notice = service.publish(version, service.Publication(Severity(severity), **rest), by=None)
    except service.AlreadyPublished as late:
        raise click.ClickException(f"Version {number} of {kind} is published already.") from late
    except service.LanguageMissing as missing:
        raise click.ClickException(f"Version {number} of {kind} has no text in “{missing.locale}” yet.") from missing
    except service.LaterIsPublished as late:
        raise click.ClickException(f"A later version of {kind} is published already.") from late
    db.session.commit()
    announced = "everyone is being told by e-mail" if notice else "no letters are sent"
    _tell(
        version,
        as_json,
        f"Version {number} of {kind} is published, in force from {version.effective_on}; {announced}.",
        notice=str(notice.id) if notice else None,
    )


def _tell(version: PolicyVersion, as_json: bool, words: str, **more: Any) -> None:
    facts = {"number": version.number, "kind": version.kind.value, "state": version.state.value, **more}
    click.echo(json.dumps(facts) if as_json else words)


COMMANDS = (group,)
