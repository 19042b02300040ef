"""Everything for trying out, under /dev/, in development only (DECISIONS 8)."""

from pathlib import Path

from flask import Blueprint, Response, abort, make_response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import web
from portal.core.access import public
from portal.dev.authenticator import AuthenticatorForm, show
from portal.dev.components import sample_form
from portal.dev.demo import people_file
from portal.serving import mailbox_files
from portal.storage.opened import instance_path

bp = Blueprint("dev", __name__, url_prefix="/dev")

LETTER_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def _mailbox() -> Path:
    return instance_path() / "mailbox"


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """What there is to try, and who to sign in as."""
    file = people_file()
    people = file.read_text(encoding="utf-8") if file.exists() else ""
    return web.page("dev/index.html", people=people)


@bp.get("/components")
@public
def components() -> ResponseReturnValue:
    """Every part that pages are made of."""
    return web.page("dev/components.html", sample_form=sample_form())


@bp.route("/authenticator", methods=["GET", "POST"])
@public
def authenticator() -> ResponseReturnValue:
    """The code that a telephone would show for a secret."""
    form = AuthenticatorForm()
    if not form.validate_on_submit():
        return web.page("dev/authenticator.html", form=form, shown=None)
    shown = show(str(form.secret.data))
    if shown is None:
        form.secret.errors = [_("This is no secret: 32 letters and digits, as the portal shows them.")]
    return web.page("dev/authenticator.html", form=form, shown=shown)


@bp.get("/mailbox")
@public
def mailbox() -> ResponseReturnValue:
    """The letters that the local mail server took, the newest first."""
    return web.page("dev/mailbox.html", letters=mailbox_files.messages(_mailbox()))


@bp.get("/mailbox/<message_id>")
@public
def letter(message_id: str) -> ResponseReturnValue:
    """One letter: headers, text, and a link to its HTML as a mail program would show it."""
    return web.page("dev/letter.html", letter=_read(message_id))


@bp.get("/mailbox/<message_id>/html")
@public
def letter_html(message_id: str) -> ResponseReturnValue:
    """The HTML part alone, in a sandbox."""
    response: Response = make_response(_read(message_id).html)
    response.headers["Content-Security-Policy"] = LETTER_CSP
    return response


def _read(message_id: str) -> mailbox_files.Message:
    try:
        return mailbox_files.read(_mailbox(), message_id)
    except mailbox_files.NoSuchMessage:
        abort(404)
