"""`flask operator add|sign-out`: a first Admin User of Smartos itself; and the end of anybody's sessions."""

import json

import click
from email_validator import EmailNotValidError
from flask.cli import AppGroup
from sqlalchemy import delete

from portal.accounts.models import Role, User
from portal.accounts.service import make_smartos, make_user, smartos, user_by_email
from portal.audit import chain
from portal.core import web
from portal.core.commands import failing_clearly
from portal.core.database import db
from portal.core.forms import normal_email
from portal.extensions import settings
from portal.signin import service as signin
from portal.signin.models import SignIn

LINK_HOURS = 72

group = AppGroup("operator", help="Smartos's own people.")


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


def _end_sessions(user: User | None) -> int:
    """Of this person, or of all; how many."""
    statement = delete(SignIn).returning(SignIn.id)
    ended = db.session.scalars(statement.where(SignIn.user_id == user.id) if user else statement).all()
    chain.record("sessions.ended-by-operator", subject=user, customer_id=user.customer_id if user else None)
    return len(ended)


COMMANDS = (group,)
