"""The forms of whoever writes to many: a draft in both languages, the last look, the reason for seeing names."""

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.accounts.models import PRODUCT_NAMES, Product
from portal.consents.models import PURPOSE_NAMES
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core.forms import Form, LongText, Text, at_most, required
from portal.core.language import LANGUAGE_NAMES
from portal.notices.composing import written
from portal.notices.composing.drafts import Content, Words

EVERY = ""
MOST_PER_MINUTE = 100_000
REASON_LENGTH = 500


def _no_placeholder(form: Any, field: Any) -> None:
    found = [*written.placeholders(field.data or ""), *written.unknown_placeholders(field.data or "")]
    if found:
        raise ValidationError(_("The subject is the same for everyone, so it takes no %(words)s.", words=found[0]))


def _only_known_placeholders(form: Any, field: Any) -> None:
    if found := written.unknown_placeholders(field.data or ""):
        raise ValidationError(
            _("%(words)s is no placeholder. There are {full_name} and {company_name}, and no others.", words=found[0])
        )


def _rate(form: Any, field: Any) -> None:
    typed = field.data or ""
    if typed and not (re.fullmatch(r"[0-9]{1,6}", typed) and 1 <= int(typed) <= MOST_PER_MINUTE):
        raise ValidationError(_("Please give a whole number from 1 to 100000, or leave it empty."))


def _subject(label: Any) -> Text:
    return Text(label, validators=[at_most(written.SUBJECT_LENGTH), _no_placeholder])


def _body(label: Any) -> LongText:
    return LongText(label, validators=[at_most(written.BODY_LENGTH), _only_known_placeholders])


def _label(label: Any) -> Text:
    return Text(label, validators=[at_most(written.LABEL_LENGTH), _no_placeholder])


class NoticeForm(Form):
    """A service notice: its words in both languages, whom it concerns, and how fast it goes."""

    version = HiddenField()
    subject_vi = _subject(_l("Subject in Vietnamese"))
    body_vi = _body(_l("Text in Vietnamese"))
    subject_en = _subject(_l("Subject in English"))
    body_en = _body(_l("Text in English"))
    link = Text(_l("Link"), validators=[at_most(written.LINK_LENGTH)])
    link_label_vi = _label(_l("Words of the link in Vietnamese"))
    link_label_en = _label(_l("Words of the link in English"))
    product = SelectField(_l("Product"), default=EVERY)
    package = SelectField(_l("Service package"), default=EVERY)
    language = SelectField(_l("Language"), default=EVERY)
    rate_per_minute = Text(_l("Letters a minute, at most"), validators=[_rate])
    domain_rate_per_minute = Text(_l("To one mail provider a minute, at most"), validators=[_rate])

    def offer(self, packages: Sequence[str]) -> None:
        """The choices of whom it concerns; a package that a draft names stays one of them."""
        kept = [name for name in (self.package.object_data,) if name and name not in packages]
        names = {product.value: name for product, name in PRODUCT_NAMES.items()}
        self.product.choices = [SelectChoice(EVERY, _("All products")), *_choices(names)]
        self.package.choices = [
            SelectChoice(EVERY, _("All packages")),
            *(SelectChoice(name, name) for name in [*packages, *kept]),
        ]
        self.language.choices = [SelectChoice(EVERY, _("Both languages")), *_choices(LANGUAGE_NAMES)]

    def validate_link(self, field: Any) -> None:
        if field.data and written.host_of(field.data) is None:
            raise ValidationError(
                _("Please give a link that begins with https://, such as https://smartos.space/news.")
            )

    def content(self) -> Content:
        """What was typed, once it was validated."""
        return Content(
            words={
                "vi": Words(_of(self.subject_vi), _of(self.body_vi), _of(self.link_label_vi)),
                "en": Words(_of(self.subject_en), _of(self.body_en), _of(self.link_label_en)),
            },
            link=_of(self.link),
            purpose=self.chosen_purpose(),
            product=Product(self.product.data) if self.product.data else None,
            package=self.package.data or None,
            locale=self.language.data or None,
            rate_per_minute=_number(self.rate_per_minute),
            domain_rate_per_minute=_number(self.domain_rate_per_minute),
        )

    def chosen_purpose(self) -> ConsentPurpose | None:
        """The kind of advertising; none for what is no advertising."""
        return None


class CampaignForm(NoticeForm):
    """A campaign: one kind of advertising, to those who agreed to it (clause 4.5)."""

    purpose = RadioField(
        _l("Kind of advertising"),
        choices=[SelectChoice(purpose.value, PURPOSE_NAMES[purpose]) for purpose in MARKETING],
    )

    def chosen_purpose(self) -> ConsentPurpose | None:
        return ConsentPurpose(self.purpose.data)


class SendForm(Form):
    """The last look: what is sent is what was shown."""

    version = HiddenField()


class CallsForm(Form):
    """Why names and numbers are needed."""

    reason = Text(_l("Why you need to call these people"), validators=[required(), at_most(REASON_LENGTH)])


def values(content: Content) -> dict[str, Any]:
    """A draft as the form's fields."""
    fields: dict[str, Any] = {
        "link": content.link,
        "purpose": content.purpose.value if content.purpose else None,
        "product": content.product.value if content.product else EVERY,
        "package": content.package or EVERY,
        "language": content.locale or EVERY,
        "rate_per_minute": str(content.rate_per_minute or ""),
        "domain_rate_per_minute": str(content.domain_rate_per_minute or ""),
        "version": content.digest,
    }
    for locale, words in content.words.items():
        typed = {"subject": words.subject, "body": words.body, "link_label": words.link_label}
        fields |= {f"{name}_{locale}": value for name, value in typed.items()}
    return fields


def _choices(names: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, name) for value, name in names.items()]


def _of(field: Any) -> str:
    return field.data or ""


def _number(field: Any) -> int | None:
    return int(field.data) if field.data else None
