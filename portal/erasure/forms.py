"""The form for leaving, and the buttons beside it."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice

from portal.core.forms import Form, LongText, PublicForm, at_most, must_be_ticked, optional
from portal.erasure.models import Scope

SCOPE_WORDS = {
    Scope.ME: _l("Only my own account"),
    Scope.CUSTOMER: _l("The whole customer, with all its people"),
}


class CloseForm(Form):
    scope = RadioField(
        _l("What should be closed"),
        choices=[SelectChoice(scope.value, words) for scope, words in SCOPE_WORDS.items()],
    )
    reason = LongText(_l("Why are you leaving?"), validators=[optional(), at_most(2000)])
    confirm = BooleanField(
        _l("I have read what goes and what stays"),
        validators=[must_be_ticked(_l("Please tick this once you have read what goes and what stays."))],
    )


class SoonerForm(Form):
    """A button on a page that explains."""


class UndoForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""
