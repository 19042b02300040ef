"""Linked accounts: what was received from Google and Facebook, linking, taking off again (clause 4.3)."""

from flask import Blueprint, abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import User
from portal.audit import chain
from portal.core import web
from portal.core.access import public, signed_in
from portal.core.database import db
from portal.core.throttle import throttled
from portal.extensions import csrf
from portal.signin import ways_in
from portal.signin.forms import PlainForm
from portal.signin.proof import fresh_proof
from portal.signin.providers import by_letter, going, linking, newcomers
from portal.signin.providers.linking_forms import LinkByLetterForm, NewcomerForm
from portal.signin.providers.models import PROVIDER_NAMES, Newcomer, Provider

bp = Blueprint("linking", __name__)

A_PROVIDER = "<any(google, facebook):provider>"


@bp.get("/security/linked")
@signed_in
def linked() -> ResponseReturnValue:
    accounts = linking.accounts_of(current_user)
    shown = [one for one in Provider if one in accounts or going.is_offered(one)]
    return web.page(
        "signin/linked.html",
        providers=[(one, PROVIDER_NAMES[one], accounts.get(one), going.is_offered(one)) for one in shown],
    )


@bp.get(f"/security/linked/{A_PROVIDER}/link")
@signed_in
@fresh_proof
def link(provider: str) -> ResponseReturnValue:
    """Off to the provider; its answer comes back to `arriving`."""
    if not going.is_offered(Provider(provider)):
        abort(404)
    return going.go(Provider(provider), purpose="link", user=current_user, after=None)


@bp.route("/security/linked/confirm", methods=["GET", "POST"])
@signed_in
@fresh_proof
def confirm() -> ResponseReturnValue:
    """Whoever came back from a provider in this browser is shown by name and address before anything is linked."""
    newcomer = newcomers.here()
    if newcomer is None:
        flash(_("There is nothing to link in this browser. Please begin here."), "info")
        return web.see_other("linking.linked")
    form, name = NewcomerForm(newcomer), PROVIDER_NAMES[newcomer.provider]
    is_pressed = form.validate_on_submit()
    try:
        if not is_pressed:
            linking.check(current_user, newcomer)
            return web.page("signin/linked-confirm.html", form=form, newcomer=newcomer, provider=name)
        linking.link(current_user, newcomer)
    except linking.CannotLink as obstacle:
        return _refused(obstacle, current_user, name, is_noted=is_pressed)
    return _linked(current_user, name)


@bp.route(f"/security/linked/{A_PROVIDER}/unlink", methods=["GET", "POST"])
@signed_in
@fresh_proof
def unlink(provider: str) -> ResponseReturnValue:
    form, which = PlainForm(), Provider(provider)
    account, name = linking.accounts_of(current_user).get(which), PROVIDER_NAMES[which]
    if account is None:
        flash(_("No %(provider)s account is linked.", provider=name), "info")
        return web.see_other("linking.linked")
    if not form.validate_on_submit():
        is_last = ways_in.is_last(current_user, which.way, account.id)
        return web.page("signin/linked-unlink.html", form=form, account=account, provider=name, is_last=is_last)
    try:
        linking.unlink(current_user, which, keep=current_user.sign_in)
    except linking.LastWayIn:
        context = {"form": form, "account": account, "provider": name, "is_last": True}
        return web.page("signin/linked-unlink.html", status=422, **context)
    db.session.commit()
    flash(_("Your %(provider)s account is not linked any more.", provider=name), "success")
    return web.see_other("linking.linked")


@bp.route("/link-account/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
@throttled("link-account", limit=60, seconds=3600)
def link_account(token: str) -> ResponseReturnValue:
    """Works signed out, and does not sign in: whoever opens the letter proves the mailbox."""
    found = by_letter.offered(token)
    if found is None:
        return web.page("signin/link-over.html", status=404)
    mailed, user, newcomer = found
    form, name = LinkByLetterForm(), PROVIDER_NAMES[newcomer.provider]
    counts_here = by_letter.counts_here(user, newcomer)
    is_pressed = form.validate_on_submit()
    try:
        if not is_pressed or not counts_here:
            linking.check(user, newcomer)
            return _shown(form, user, newcomer, counts_here=counts_here, is_noted=is_pressed)
        by_letter.accept(mailed, user, newcomer)
    except linking.CannotLink as obstacle:
        return _refused(obstacle, user, name, is_noted=is_pressed)
    return _linked(user, name)


def _shown(
    form: LinkByLetterForm, user: User, newcomer: Newcomer, *, counts_here: bool, is_noted: bool
) -> ResponseReturnValue:
    """What a letter would link; the button only where a press counts."""
    if is_noted:
        _note(user)
    return web.page(
        "signin/linked-by-letter.html",
        form=form,
        newcomer=newcomer,
        provider=PROVIDER_NAMES[newcomer.provider],
        address=user.email,
        counts_here=counts_here,
        status=422 if is_noted else 200,
    )


def _refused(obstacle: linking.CannotLink, user: User, provider: str, *, is_noted: bool) -> ResponseReturnValue:
    """Says why, and names nobody."""
    if is_noted:
        _note(user)
    is_elsewhere = isinstance(obstacle, linking.LinkedElsewhere)
    return web.page("signin/linked-refused.html", status=422, provider=provider, is_elsewhere=is_elsewhere)


def _note(user: User) -> None:
    chain.record("linking.refused", subject=user, customer_id=user.customer_id)
    db.session.commit()


def _linked(user: User, provider: str) -> ResponseReturnValue:
    db.session.commit()
    flash(_("Your %(provider)s account is linked. You can sign in with it from now on.", provider=provider), "success")
    is_theirs = current_user.is_authenticated and current_user.id == user.id
    return web.see_other("linking.linked" if is_theirs else "signin.sign_in")
