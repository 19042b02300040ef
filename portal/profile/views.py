"""Seeing and changing one's details, with what changed when (clause 3.1)."""

from uuid import UUID

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import public, signed_in
from portal.core.database import db
from portal.core.language import LANGUAGE_NAMES
from portal.core.throttle import count, throttled
from portal.extensions import csrf
from portal.profile import history as changes
from portal.profile import new_email, new_phone, service
from portal.profile.forms import (
    CodeForm,
    ConfirmEmailForm,
    NewEmailForm,
    PhoneForm,
    ProfileAndCompanyForm,
    ProfileForm,
)
from portal.profile.models import FIELD_WORDS
from portal.signin.proof import fresh_proof
from portal.signin.providers import linking
from portal.signin.providers.models import PROVIDER_NAMES

bp = Blueprint("profile", __name__)

HOUR = 3600


@bp.route("/profile", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """Every field of clause 3.1; e-mail and phone have pages of their own, since they must be verified."""
    form = _profile_form()
    if not form.validate_on_submit():
        return _shown(form)
    given = {name: form[name].data for name in service.fields_of(current_user) if name in request.form}
    outcome = service.change(current_user, given, shown=form.shown.data or "")
    db.session.commit()
    _tell(outcome)
    return web.see_other("profile.profile")


def _shown(form: ProfileForm) -> ResponseReturnValue:
    return web.page(
        "profile/profile.html",
        form=form,
        words=FIELD_WORDS,
        company_fields=service.COMPANY_FIELDS,
        received=list(linking.accounts_of(current_user).values()),
        provider_names=PROVIDER_NAMES,
    )


def _profile_form() -> ProfileForm:
    values = service.values_of(current_user)
    kind = ProfileAndCompanyForm if set(service.fields_of(current_user)) >= set(service.COMPANY_FIELDS) else ProfileForm
    return kind(data=values | {"shown": service.digests(values)})


def _tell(outcome: service.Outcome) -> None:
    if outcome.changed:
        flash(_("Saved. You find every change in the history."), "good")
    elif not outcome.left_to_others:
        flash(_("Nothing was different, so nothing was changed."), "info")
    if outcome.overwritten:
        flash(
            _(
                "While you were typing, this had been changed from elsewhere: %(fields)s. "
                "What you typed counts now; the history shows both.",
                fields=_names(outcome.overwritten),
            ),
            "warn",
        )
    if outcome.left_to_others:
        flash(
            _(
                "While this page was open, this was changed from elsewhere and stays so: %(fields)s.",
                fields=_names(outcome.left_to_others),
            ),
            "info",
        )


def _names(fields: list[str]) -> str:
    return ", ".join(str(FIELD_WORDS[name]) for name in fields)


@bp.get("/profile/history")
@signed_in
def history() -> ResponseReturnValue:
    lines, older = changes.page(current_user, before=_key(request.args.get("before")))
    return web.page(
        "profile/history.html",
        lines=lines,
        older=older,
        is_first="before" not in request.args,
        words=FIELD_WORDS,
        language_names=LANGUAGE_NAMES,
    )


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@bp.route("/profile/email", methods=["GET", "POST"])
@signed_in
@throttled("new-email-ip", limit=100, seconds=HOUR)
@fresh_proof
def email() -> ResponseReturnValue:
    form = NewEmailForm()
    if not form.validate_on_submit():
        return web.page("profile/email.html", form=form, pending=new_email.pending(current_user))
    count("new-email", str(current_user.id), limit=10, seconds=HOUR)
    try:
        new_email.ask(current_user, form.email.data)
    except new_email.SameAddress:
        form.email.errors = [_("This is your address already.")]
        return web.page("profile/email.html", form=form, pending=new_email.pending(current_user))
    db.session.commit()
    flash(_("A letter with a link is on its way to the new address."), "good")
    return web.see_other("profile.email")


@bp.route("/profile/email/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("confirm-email", limit=100, seconds=HOUR)
def confirm_email(token: str) -> ResponseReturnValue:
    """Works signed out: whoever opens the letter proves the address, not the person."""
    form = ConfirmEmailForm()
    try:
        link, _user = new_email.wanted_by(token)
        if not form.validate_on_submit():
            return web.page("profile/confirm-email.html", form=form, address=link.new_email)
        new_email.take_effect(token)
    except new_email.LinkOver:
        return web.page("profile/link-over.html", status=404)
    db.session.commit()
    flash(_("Your new address is verified. From now on you sign in with it."), "good")
    return web.see_other("profile.profile" if current_user.is_authenticated else "signin.sign_in")


@bp.route("/profile/phone", methods=["GET", "POST"])
@signed_in
@throttled("new-phone-ip", limit=100, seconds=HOUR)
@fresh_proof
def phone() -> ResponseReturnValue:
    """A new number is confirmed by a code; an empty one takes the number off at once."""
    form = PhoneForm(data={"phone": current_user.phone})
    if not form.validate_on_submit():
        return web.page("profile/phone.html", form=form, pending=new_phone.pending(current_user))
    if not form.phone.data:
        return _remove_phone()
    count("new-phone", str(current_user.id), limit=10, seconds=HOUR)
    try:
        new_phone.ask(current_user, form.phone.data)
    except new_phone.SamePhone:
        form.phone.errors = [_("This is your number already.")]
        return web.page("profile/phone.html", form=form, pending=new_phone.pending(current_user))
    db.session.commit()
    return web.see_other("profile.confirm_phone")


def _remove_phone() -> ResponseReturnValue:
    was_there = new_phone.remove(current_user)
    db.session.commit()
    flash(_("Your phone number is removed.") if was_there else _("There was no phone number to remove."), "good")
    return web.see_other("profile.profile")


@bp.route("/profile/phone/confirm", methods=["GET", "POST"])
@signed_in
@throttled("phone-code-ip", limit=100, seconds=HOUR)
def confirm_phone() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate_on_submit():
        return web.page("profile/confirm-phone.html", form=form, pending=new_phone.pending(current_user))
    try:
        new_phone.confirm(current_user, form.code.data)
    except new_phone.WrongCode:
        db.session.commit()  # the try counts
        form.code.errors = [_("This is not the code that we sent.")]
        return web.page("profile/confirm-phone.html", form=form, pending=new_phone.pending(current_user))
    except new_phone.CodeOver:
        db.session.commit()
        form.code.errors = [_("This code does not work any more. Please ask for a new one.")]
        return web.page("profile/confirm-phone.html", form=form, pending=None)
    db.session.commit()
    flash(_("Your phone number is verified."), "good")
    return web.see_other("profile.profile")
