"""Forms of the consents page, of its time machine, and of the page behind the link in a letter."""

import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, TimeField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.core.forms import Form, OurMeta, PublicForm, optional, required

YES = ("yes", "true", "1", "on")
NO = ("no", "false", "0", "off")
THIS_KIND = "kind"
ALL_MARKETING = "marketing"


class DecisionForm(Form):
    """One switch. `words` is the digest of the words that the page showed, so that nobody agrees to others."""

    granted = HiddenField(_l("Decision"), validators=[required()])
    words = HiddenField()

    def validate_granted(self, field: Any) -> None:
        if field.data not in YES + NO:
            raise ValidationError(_("Please choose one of these."))

    @property
    def is_granted(self) -> bool:
        """What was chosen; only of a form without mistakes."""
        return self.granted.data in YES


class WithdrawMarketingForm(Form):
    """One button."""


class TimeOfDay(TimeField):
    """HH:MM, told in the portal's own words when it is not."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please give a time such as 14:30.")) from None


class MomentForm(Form):
    """Which moment the time machine shows; asked by GET, so it carries no token."""

    class Meta(OurMeta):
        csrf = False

    day = DateField(_l("Day"), validators=[required()])
    time = TimeOfDay(_l("Time"), validators=[optional()])

    @property
    def clock_time(self) -> datetime.time:
        """The last moment that is meant: the end of the minute, or of the day where no time was given."""
        asked = self.time.data
        return datetime.time.max if asked is None else asked.replace(second=59, microsecond=999_999)


class UnsubscribeForm(PublicForm):
    """Two buttons that only a person presses: this kind, or all marketing."""

    which = RadioField(
        _l("Decision"),
        choices=[
            SelectChoice(THIS_KIND, _l("This kind of letter")),
            SelectChoice(ALL_MARKETING, _l("All advertising")),
        ],
        validators=[required()],
    )
