"""The forms for comparing, drafting and publishing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, SubmitField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from portal.core import clock
from portal.core.forms import Form, LongText, at_most
from portal.core.language import LANGUAGE_NAMES
from portal.policies import versions
from portal.policies.models import KIND_WORDS, PolicyVersion, Severity
from portal.policies.service import Publication
from portal.policies.source_text import MAX_BYTES

NEW = "new"
TEXT_FILES = (".txt", ".md", ".markdown")
SUMMARY_LENGTH = 2_000


class CompareForm(FlaskForm):
    """Two versions to choose; a GET form, so that a comparison is a link."""

    class Meta(FlaskForm.Meta):
        csrf = False

    before = SelectField(_l("Compared with"), name="from", coerce=int)
    after = SelectField(_l("This version"), name="to", coerce=int)

    def offer(self, known: Sequence[PolicyVersion]) -> None:
        """Every published version can stand on either side."""
        for field in (self.before, self.after):
            field.choices = [
                SelectChoice(version.number, _("Version %(number)d", number=version.number)) for version in known
            ]


class DraftForm(Form):
    """A text in one language, as a file or pasted."""

    kind = RadioField(_l("Document"), choices=[SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()])
    locale = RadioField(_l("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()])
    number = SelectField(_l("Draft"), default=NEW)
    file = FileField(_l("Text or Markdown file"))
    text = LongText(_l("Or paste the text"), validators=[at_most(MAX_BYTES)])

    def offer(self, drafts: Sequence[PolicyVersion]) -> None:
        """A new draft, or a language for one that is there."""
        known = [SelectChoice(f"{d.kind.value}-{d.number}", f"{KIND_WORDS[d.kind]} {d.number}") for d in drafts]
        self.number.choices = [SelectChoice(NEW, _("A new draft")), *known]

    @property
    def draft_number(self) -> int | None:
        """The draft that gets the text; None for a new one."""
        return None if self.number.data == NEW else int(self.number.data.rpartition("-")[2])

    def content(self) -> bytes:
        """What was given, the file before the pasted text."""
        if self.file.data:
            return bytes(self.file.data.read(MAX_BYTES + 1))
        return (self.text.data or "").encode("utf-8", "replace")

    def blame(self, reason: str) -> None:
        """Say beside the field that was used why its text cannot be taken."""
        used = self.file if self.file.data else self.text
        used.errors = [*used.errors, reason]

    def validate_number(self, field: Any) -> None:
        if field.data != NEW and not field.data.startswith(f"{self.kind.data}-"):
            raise ValidationError(_("This draft is of the other document."))

    def validate_file(self, field: Any) -> None:
        if field.data and not field.data.filename.lower().endswith(TEXT_FILES):
            raise ValidationError(_("Please choose a text file (.txt) or a Markdown file (.md)."))
        if not field.data and not self.text.data:
            raise ValidationError(_("Please choose a file or paste the text."))


class PublishForm(Form):
    """How a version goes out."""

    severity = RadioField(
        _l("How much changes"),
        choices=[
            SelectChoice(Severity.MINOR.value, _l("Minor: no letters, listed in the history")),
            SelectChoice(Severity.MAJOR.value, _l("Major: one letter to everyone, and a banner")),
        ],
    )
    effective_on = DateField(_l("Takes effect on"), validators=[Optional()])
    summary_vi = LongText(_l("Summary in Vietnamese"), validators=[at_most(SUMMARY_LENGTH)])
    summary_en = LongText(_l("Summary in English"), validators=[at_most(SUMMARY_LENGTH)])
    summary = LongText(_l("Summary for both languages"), validators=[at_most(SUMMARY_LENGTH)])

    preview = SubmitField(_l("See the letter first"))

    def validate_effective_on(self, field: Any) -> None:
        if field.data and field.data < versions.day_of(clock.now() - timedelta(days=1)):
            raise ValidationError(_("This day is over. Leave it empty to let the version take effect today."))

    def publication(self) -> Publication:
        """What was decided; one summary serves both languages where no other is given."""
        return replace(self.as_major(), severity=Severity(self.severity.data))

    def as_major(self) -> Publication:
        """The same as a major change, for the letter that it would send: also while the form is not yet filled in."""
        both = self.summary.data or ""
        return Publication(
            severity=Severity.MAJOR,
            effective_on=self.effective_on.data,
            summary_vi=self.summary_vi.data or both,
            summary_en=self.summary_en.data or both,
        )
