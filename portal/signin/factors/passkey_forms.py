"""Forms around passkeys. What a browser answers comes as JSON in one hidden field, which `passkeys.js` fills."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from portal.core.forms import Form, Text, at_most, required
from portal.signin.factors.passkeys import LONGEST_NAME


class AnswerForm(Form):
    """The answer as the browser gave it: no mistake in it is the person's, so it is judged and not corrected."""

    credential = HiddenField()


class AddForm(AnswerForm):
    name = Text(_l("Name of the passkey"), validators=[required(), at_most(LONGEST_NAME)])


class RenameForm(Form):
    name = Text(_l("Name of the passkey"), validators=[required(), at_most(LONGEST_NAME)])


class RemoveForm(Form):
    """A button and nothing else."""
