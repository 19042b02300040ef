"""The form of /dev/components: one field of each kind, filled as a person in a hurry would fill it."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FileField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from portal.core import forms

SAMPLE = {
    "full_name": "Nguyễn Thị Hoài Thương",
    "email": "thuong.nguyen@",
    "locale": "vi",
    "kind": "individual",
    "topics": ["events"],
}


class SampleForm(forms.Form):
    """Every kind of field that macros/forms.html draws."""

    full_name = forms.Text(_l("Full name"))
    email = forms.Text(_l("E-mail"))
    password = forms.Secret(_l("Password"))
    born_on = DateField(_l("Date of birth"), validators=[forms.optional()])
    locale = SelectField(_l("Language"), choices=[SelectChoice("vi", "Tiếng Việt"), SelectChoice("en", "English")])
    kind = RadioField(
        _l("Kind of account"),
        choices=[
            SelectChoice("individual", _l("For myself")),
            SelectChoice("organisation", _l("For an organisation")),
        ],
    )
    topics = SelectMultipleField(
        _l("Letters you would like"),
        choices=[SelectChoice("promotions", _l("Promotions")), SelectChoice("events", _l("Featured events"))],
    )
    file = FileField(_l("File"))
    body = forms.LongText(_l("Your message"))
    accept = BooleanField(_l("I agree"))


def sample_form() -> SampleForm:
    """A filled form in which two fields came back with a mistake."""
    form = SampleForm(formdata=None, data=SAMPLE)
    form.email.errors = [_("Please give an e-mail address such as name@example.com.")]
    form.accept.errors = [_("Please agree to the privacy policy to go on.")]
    return form
