"""Fresh proof: the page that asks who is there."""

from typing import Any

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core import web
from portal.core.access import also_while_closing, signed_in
from portal.core.database import db
from portal.core.throttle import Waiting, count, throttled
from portal.signin import proof, waiting
from portal.signin.factors.forms import ProofForm

bp = Blueprint("proof", __name__)

PAGE = "signin/confirm-identity.html"


@bp.route("/confirm-identity", methods=["GET", "POST"])
@signed_in
@also_while_closing
@throttled("confirm-ip", limit=30, seconds=600)
def confirm_identity() -> ResponseReturnValue:
    """What is asked depends on what the person has: the password, the code of the second step, a mailed code."""
    form = _form()
    if not form.validate_on_submit() or not proof.asked(current_user).by_form:
        return _page(form)
    try:
        proof.prove(current_user, password=_typed(form, "password"), code=_typed(form, "code"), seen=web.visitor())
    except Waiting as wait:
        return waiting.page(PAGE, form, wait, **_shown())
    except proof.WrongPassword:
        return _refused(form, "password", _("This is not your password."))
    except proof.WrongCode:
        return _refused(form, "code", _("This code does not fit, or it was used before. Please type the next one."))
    except proof.CodeOver:
        return _refused(form, "code", _("No code is waiting any more. Please let us send you a new one."))
    db.session.commit()
    return redirect(_next() or "/overview", 303)


@bp.post("/confirm-identity/code")
@signed_in
@also_while_closing
@throttled("proof-code-ip", limit=30, seconds=3600)
def send_code() -> ResponseReturnValue:
    """Mail six digits to who has nothing else to prove by."""
    if proof.asked(current_user).mailed:
        count("proof-code", str(current_user.id), limit=10, seconds=3600)
        proof.mail_code(current_user)
        db.session.commit()
        flash(_("We sent you six digits. Look into your mailbox."), "success")
    return web.see_other("proof.confirm_identity", next=_next())


def _form() -> ProofForm:
    asked, form = proof.asked(current_user), ProofForm()
    if not asked.password:
        del form.password
    if not (asked.code or asked.mailed):
        del form.code
    return form


def _typed(form: ProofForm, name: str) -> str:
    return str(form[name].data) if name in form else ""


def _page(form: ProofForm) -> ResponseReturnValue:
    return web.page(PAGE, form=form, **_shown())


def _shown() -> dict[str, Any]:
    asked = proof.asked(current_user)
    return {
        "asked": asked,
        "is_code_waiting": asked.mailed and proof.code_waits(current_user),
        "next_page": _next(),
    }


def _refused(form: ProofForm, name: str, words: str) -> ResponseReturnValue:
    db.session.commit()  # the refusal is on record, and the try is counted
    form[name].errors = [words]
    return _page(form)


def _next() -> str | None:
    return web.safe_next(request.args.get("next"))
