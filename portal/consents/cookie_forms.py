"""The choice about cookies, as a form: off until ticked, and ticked only by what says yes."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, HiddenField

from portal.core.forms import Form, PublicForm

YES = ("y", "yes", "on", "true", "1")


class Switch(BooleanField):
    """On by a word that says so; anything else, however long, is off (silence is no consent: Law 91/2025 Art. 9.4)."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = bool(valuelist) and valuelist[0] in YES


class Answers:
    """The fields of the contract; `next` is where the banner's buttons lead back to."""

    measurement = Switch(_l("Measuring traffic"))
    preferences = Switch(_l("Preferences"))
    next = HiddenField()


class CookieForm(Answers, PublicForm):
    """Signed out: it works without a cookie."""


class OwnCookieForm(Answers, Form):
    """Signed in: it writes into the person's ledger, so it carries the session's own token."""


def token() -> str:
    """The token that the form of who is asking has to carry."""
    form = OwnCookieForm(formdata=None) if current_user.is_authenticated else CookieForm(formdata=None)
    return str(form.csrf_token.current_token)
