"""The forms for signing up (clauses 2.1, 4.1, 4.3, 11.1)."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.accounts.models import KIND_WORDS, Kind
from portal.core.forms import Email, PublicForm, Secret, Text, at_most, must_be_ticked, required
from portal.signin import passwords
from portal.signin.providers.linking_forms import NewcomerForm
from portal.signin.service import known_words


class Details:
    """What everyone gives who opens an account, whichever way they came."""

    kind = RadioField(
        _l("You are"),
        choices=[SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()],
        default=Kind.INDIVIDUAL.value,
    )
    full_name = Text(_l("Full name"), validators=[required(), at_most(200)])
    company_name = Text(_l("Company name"), validators=[at_most(200)])
    email = Email(_l("E-mail"), validators=[required(), at_most(320)])
    age_confirmed = BooleanField(
        _l("I am 13 or older"), validators=[must_be_ticked(_l("Smartos is not meant for children under 13."))]
    )
    accept_policy = BooleanField(
        _l("I have read and agree to the privacy policy and the Terms of Service"),
        validators=[must_be_ticked(_l("Without this agreement we may not open an account for you."))],
    )

    def validate_company_name(self, field: Any) -> None:
        if self.kind.data == Kind.ORGANISATION and not field.data:
            raise ValidationError(_("Please give the name of your organisation."))


class SignUpForm(Details, PublicForm):
    password = Secret(_l("Password"), validators=[required()])

    def validate_password(self, field: Any) -> None:
        about = known_words(self.email.data or "", self.full_name.data or "")
        if reason := passwords.objection(field.data, about=about):
            raise ValidationError(reason)


class ContinueForm(Details, NewcomerForm):
    """Whoever came from Google or Facebook needs no password; the browser is known by its session."""


class VerifyForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""


class VerifyElsewhereForm(VerifyForm):
    """In another browser than the one that signed up: only the password typed here will count."""

    password = Secret(_l("Password"), validators=[required()])
