"""The forms of linking: one for whoever came back in this browser, one that works signed out."""

from typing import Any

from flask_babel import gettext as _
from wtforms import HiddenField, ValidationError

from portal.core.forms import Form, PublicForm
from portal.signin.providers.models import Newcomer


class NewcomerForm(Form):
    """Acts on whoever its page showed: another one may come back in another tab before the button is pressed."""

    newcomer = HiddenField()

    def __init__(self, here: Newcomer | None = None, *, data: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.here = str(here.id) if here else ""
        super().__init__(data={**(data or {}), "newcomer": self.here}, **kwargs)

    def validate_newcomer(self, field: Any) -> None:
        """What was posted, never the default; the page that is shown again carries whom it shows."""
        posted, field.data = (field.raw_data or [""])[0], self.here
        if posted != self.here:
            raise ValidationError(_("Somebody else came back in this browser meanwhile. Please look once more."))


class LinkByLetterForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""
