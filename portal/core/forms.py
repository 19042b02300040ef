"""Forms: text is cleaned as it comes in, mistakes are told beside the field, and public forms need no cookie."""

from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask import current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import Field, PasswordField, StringField, TextAreaField, ValidationError
from wtforms.csrf.core import CSRF, CSRFTokenField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from portal.core import hashes, words

FORM_TOKEN_SECONDS = 12 * 3600
WTFORMS_WORDS = {
    "Not a valid choice.": _l("Please choose one of these."),
    "Invalid Choice: could not coerce.": _l("Please choose one of these."),
    "Not a valid date value.": _l("Please give a day such as 2026-12-31."),
}


class OurWords:
    """WTForms' own messages in the portal's words: it speaks no Vietnamese."""

    def gettext(self, text: str) -> str:
        return str(WTFORMS_WORDS.get(text, text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


class OurMeta(FlaskForm.Meta):
    def get_translations(self, form: Any) -> OurWords:
        return OurWords()

    def wrap_formdata(self, form: Any, formdata: Any) -> Any:
        """Forms are posted as forms: a body of JSON, of whatever shape, is an empty one."""
        return ImmutableMultiDict() if request.is_json else super().wrap_formdata(form, formdata)


class Form(FlaskForm):
    """The base of every form of a person who has a session."""

    Meta = OurMeta


class SignedFormToken(CSRF):
    """A form token signed by the portal itself, for public forms that work with every cookie refused (clause 5.2).

    The token shows that the form was shown by the portal at most twelve hours ago, and slows down whoever posts
    blindly. It belongs to no browser: another site may fetch one and post it from a visitor's. So these forms act on
    nobody's session, and what they keep counts as given in a browser only where that browser's cookie came along,
    which a post from another site does not bring (SameSite=Lax).
    """

    def setup_form(self, form: Any) -> Any:
        self.form_name = type(form).__name__
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:
        return str(self._serializer().dumps(hashes.new_secret()[:16]))

    def validate_csrf_token(self, form: Any, field: CSRFTokenField) -> None:
        try:
            self._serializer().loads(field.data or "", max_age=FORM_TOKEN_SECONDS)
        except BadData:
            raise ValidationError(_("This page was open too long. Please send the form again.")) from None

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"form:{self.form_name}")


class PublicForm(FlaskForm):
    """The base of forms that work signed out and without cookies; their views are exempt from session CSRF."""

    class Meta(OurMeta):
        csrf = True
        csrf_class = SignedFormToken
        csrf_field_name = "csrf_token"


class Text(StringField):
    """One line of text: NFC, trimmed, no control characters."""

    lines = False

    def process_formdata(self, valuelist: list[Any]) -> None:
        raw = valuelist[0] if valuelist else ""
        try:
            self.data = words.clean(raw, lines=self.lines)
        except words.Unprintable:
            self.data = raw
            raise ValueError(_("This holds a character that cannot be printed. Please type it again.")) from None


class LongText(Text, TextAreaField):
    """Several lines of text, cleaned like one."""

    lines = True


class Email(Text):
    """One address, normalised by email-validator; never looked up in the DNS."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or not self.data:
            return
        try:
            self.data = normal_email(self.data)
        except EmailNotValidError:
            raise ValidationError(_("Please give an e-mail address such as name@example.com.")) from None


class Phone(Text):
    """A phone number as people write it (Vietnam where no country is given), kept in E.164."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or not self.data:
            return
        try:
            number = phonenumbers.parse(self.data, "VN")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_("Please give a phone number such as 0905 123 456 or +84 905 123 456."))
        self.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Secret(PasswordField):
    """A password field; what was typed is never shown again."""


def normal_email(address: str) -> str:
    """The address in its normal form: ASCII local part as typed, domain in lower case.

    Raises EmailNotValidError.
    """
    found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or found.normalized


class Filled(InputRequired):
    """Something was sent, and something is left of it once it is cleaned (blanks and invisible marks are nothing)."""

    def __call__(self, form: Any, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field, Text) and not field.data:
            raise StopValidation(self.message)


def required() -> InputRequired:
    """The field must be filled."""
    return Filled(_l("Please fill this in."))


def optional() -> Optional:
    """The field may stay empty."""
    return Optional()


def at_most(length: int) -> Length:
    """At most `length` characters."""
    return Length(max=length, message=_l("Please use at most %(max)d characters."))


def must_be_ticked(message: Any) -> Any:
    """A box that must be ticked, with its own words when it is not."""

    def check(form: Any, field: Field) -> None:
        if not field.data:
            raise ValidationError(str(message))

    return check
