"""Smartos's own people need more than a password before the console opens: a second step or a passkey (issue 3)."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import exists, select

from portal.accounts.models import User
from portal.core.database import db
from portal.signin import way_back
from portal.signin.factors.models import Passkey, SecondStep


def must_have_a_factor(user: User) -> bool:
    """Whether this person's account opens the console, and so needs more than a password (ASVS 5.0, 6.3.3)."""
    return user.customer.is_smartos


def has_passkey(user: User) -> bool:
    """Whether a passkey of theirs is registered."""
    return bool(db.session.scalar(select(exists().where(Passkey.user_id == user.id))))


def has_factor(user: User) -> bool:
    """Whether they hold a second step or a passkey."""
    second_step = exists().where(SecondStep.user_id == user.id)
    passkey = exists().where(Passkey.user_id == user.id)
    return bool(db.session.scalar(select(second_step | passkey)))


def is_last_factor(user: User, passkey_id: UUID) -> bool:
    """Whether the console would stay open by nothing without this passkey; for customers there is no such thing."""
    second_step = exists().where(SecondStep.user_id == user.id)
    another = exists().where(Passkey.user_id == user.id, Passkey.id != passkey_id)
    return must_have_a_factor(user) and not db.session.scalar(select(second_step | another))


def owes_a_factor(user: User) -> bool:
    """Whether a sign-in without it proves too little: else whoever knows a password would add a factor of their own."""
    return must_have_a_factor(user) and has_factor(user)


def demand(user: User) -> ResponseReturnValue | None:
    """Before a page of the console: 303 to setting a factor up, or to proving it; None when this session did.

    A session that was strong once does not do when the factor is gone since.
    """
    if not has_factor(user):
        return redirect(url_for("second_step.two_step", next=way_back.here()), 303)
    if user.sign_in.is_strong:
        return None
    flash(_("The console opens once you have shown your second step or your passkey in this session."), "info")
    return redirect(url_for("proof.confirm_identity", next=way_back.here()), 303)
