"""Forms for a person's own details and for those of their company (clause 3.1)."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice

from portal.core.forms import Email, Form, Phone, PublicForm, Text, at_most, optional, required
from portal.core.language import LANGUAGE_NAMES
from portal.profile.models import FIELD_WORDS, CompanyField, PersonalField

NAME_LENGTH = 200
ADDRESS_LENGTH = 500


class ProfileForm(Form):
    """What is the person's own. `shown` holds digests of the values that the page showed."""

    shown = HiddenField()
    full_name = Text(FIELD_WORDS[PersonalField.FULL_NAME], validators=[required(), at_most(NAME_LENGTH)])
    contact_address = Text(FIELD_WORDS[PersonalField.CONTACT_ADDRESS], validators=[optional(), at_most(ADDRESS_LENGTH)])
    locale = SelectField(
        FIELD_WORDS[PersonalField.LOCALE],
        choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()],
    )


class ProfileAndCompanyForm(ProfileForm):
    """The same with the customer's details, for who holds COMPANY; nobody else's form knows these fields."""

    company_name = Text(FIELD_WORDS[CompanyField.COMPANY_NAME], validators=[optional(), at_most(NAME_LENGTH)])
    business_unit = Text(FIELD_WORDS[CompanyField.BUSINESS_UNIT], validators=[optional(), at_most(NAME_LENGTH)])
    address = Text(FIELD_WORDS[CompanyField.ADDRESS], validators=[optional(), at_most(ADDRESS_LENGTH)])


class NewEmailForm(Form):
    email = Email(_l("New e-mail"), validators=[required(), at_most(320)])


class ConfirmEmailForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""


class PhoneForm(Form):
    phone = Phone(FIELD_WORDS[PersonalField.PHONE], validators=[optional(), at_most(40)])


class CodeForm(Form):
    code = Text(_l("Six-digit code"), validators=[required(), at_most(20)])
