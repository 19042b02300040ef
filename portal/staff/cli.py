"""`flask operator` and `flask keys`: Smartos's own people, and what is done for others from a terminal."""

import json
from uuid import UUID

import click
from email_validator import EmailNotValidError
from flask.cli import AppGroup
from sqlalchemy import delete, select, update

from portal.accounts.models import Customer, Role, User
from portal.accounts.service import make_smartos, make_user, smartos, user_by_email
from portal.audit import chain
from portal.core import sealing, web
from portal.core.commands import failing_clearly
from portal.core.database import db
from portal.core.forms import normal_email
from portal.extensions import settings
from portal.signin import service as signin
from portal.signin.factors import second_step
from portal.signin.factors.models import SecondStep
from portal.signin.models import SignIn
from portal.storage import opened
from portal.storage.keys import KeyForgotten, WrongStorageKey

LINK_HOURS = 72
SECOND_STEP = "second-step"  # what its secrets are sealed for (signin.factors)

group = AppGroup("operator", help="Smartos's own people.")
keys_group = AppGroup("keys", help="The keys that customers' data is sealed with.")


class Address(click.ParamType[str]):
    """One e-mail address."""

    name = "email"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return normal_email(str(value))
        except EmailNotValidError:
            self.fail("must be an e-mail address such as name@example.com.", param, ctx)


@group.command("add")
@click.argument("email", type=Address())
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@failing_clearly
def add(email: str, as_json: bool) -> None:
    """An Admin User of Smartos with this EMAIL; for one who is there already, a fresh link."""
    user = user_by_email(email) or _new_operator(email)
    if not user.customer.is_smartos:
        raise click.ClickException("This address belongs to a customer's account; a person belongs to one customer.")
    secret, expires_at = signin.invite_to_set_password(user, hours=LINK_HOURS)
    db.session.commit()
    link = web.absolute_url("signin.reset_password", token=secret)
    if as_json:
        click.echo(json.dumps({"email": user.email, "link": link, "expires_at": expires_at.isoformat()}))
        return
    click.echo(f"Set the password of {user.email} here, once, within {LINK_HOURS} hours:\n{link}")


def _new_operator(email: str) -> User:
    user = make_user(
        smartos() or make_smartos(),
        full_name=email.partition("@")[0],
        email=email,
        role=Role.ADMIN,
        locale=settings().default_locale,
    )
    db.session.flush()
    chain.record("operator.added", subject=user, customer_id=user.customer_id)
    return user


@group.command("sign-out")
@click.argument("email", type=Address(), required=False)
@click.option("--everyone", is_flag=True, help="End every session of every person.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@failing_clearly
def sign_out(email: str | None, everyone: bool, as_json: bool) -> None:
    """End every session of whoever has this EMAIL, or of everyone (a stolen device, an incident)."""
    if bool(email) == everyone:
        raise click.UsageError("Give an EMAIL, or --everyone.")
    user = user_by_email(email) if email else None
    if email and user is None:
        raise click.ClickException("Nobody has this address.")
    ended = _end_sessions(user)
    db.session.commit()
    click.echo(json.dumps({"ended": ended}) if as_json else f"Sessions ended: {ended}")


@group.command("take-off-second-step")
@click.argument("email", type=Address())
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@failing_clearly
def take_off_second_step(email: str, as_json: bool) -> None:
    """For whoever has this EMAIL and lost the app and every recovery code; first check who they are (clause 9.2)."""
    user = user_by_email(email)
    if user is None:
        raise click.ClickException("Nobody has this address.")
    is_done = second_step.take_off(user)
    db.session.commit()
    if as_json:
        click.echo(json.dumps({"taken_off": is_done}))
        return
    click.echo("Taken off; every session ended, and a letter says so." if is_done else "The second step is not on.")


def _end_sessions(user: User | None) -> int:
    """Of this person, or of all; how many."""
    statement = delete(SignIn).returning(SignIn.id)
    ended = db.session.scalars(statement.where(SignIn.user_id == user.id) if user else statement).all()
    chain.record("sessions.ended-by-operator", subject=user, customer_id=user.customer_id if user else None)
    return len(ended)


@keys_group.command("rotate")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@failing_clearly
def rotate(as_json: bool) -> None:
    """Seal under STORAGE_KEY what is still sealed under STORAGE_KEY_BEFORE. May be repeated.

    A second step that neither key opens works no more and holds nothing up: it is counted, and left as it is.
    """
    try:
        customers = _rewrap_customers()
    except WrongStorageKey as error:
        raise click.ClickException(
            "Something opens under neither of the two keys; nothing of it was changed."
        ) from error
    done, unopened = _reseal_second_steps()
    counts = {"customers": customers, "second_steps": done, "second_steps_unopened": unopened}
    chain.record("keys.rotated")
    db.session.commit()
    click.echo(json.dumps(counts) if as_json else " · ".join(f"{name} {n}" for name, n in counts.items()))
    if unopened:
        click.echo(f"Second steps that neither key opens, left as they are: {unopened}", err=True)


def _rewrap_customers() -> int:
    """One customer after the other, each under the lock that a purge waits for; how many were not yet."""
    changed = 0
    for customer_id in db.session.scalars(select(Customer.id)).all():
        if db.session.get(Customer, customer_id, with_for_update=True) is not None:
            changed += _rewrap(customer_id)
        db.session.commit()
    return changed


def _rewrap(customer_id: UUID) -> bool:
    try:
        return opened.keys().rewrap(customer_id)
    except KeyForgotten:  # without files, or closing
        return False


def _reseal_second_steps() -> tuple[int, int]:
    """How many are sealed under STORAGE_KEY now, and how many neither key opens."""
    rows = db.session.execute(select(SecondStep.id, SecondStep.user_id, SecondStep.sealed_secret)).all()
    done = sum([_reseal(step_id, user_id, sealed) for step_id, user_id, sealed in rows])
    return done, len(rows) - done


def _reseal(step_id: UUID, user_id: UUID, sealed: str) -> bool:
    try:
        fresh = sealing.resealed(SECOND_STEP, str(user_id), sealed)
    except sealing.DoesNotOpen:
        return False
    still_the_same = (SecondStep.id == step_id, SecondStep.sealed_secret == sealed)
    db.session.execute(update(SecondStep).where(*still_the_same).values(sealed_secret=fresh))
    return True


COMMANDS = (group, keys_group)
