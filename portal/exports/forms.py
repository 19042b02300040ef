"""What a person chooses for a copy of their data."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.core import forms
from portal.core.categories import CATEGORY_WORDS, Category
from portal.exports.models import SCOPE_WORDS, Scope


class ExportForm(forms.Form):
    """Scope, categories and files. No category at all means every one of them."""

    scope = RadioField(
        _l("Whose data"),
        choices=[SelectChoice(scope.value, words) for scope, words in SCOPE_WORDS.items()],
        default=Scope.ME.value,
    )
    categories = SelectMultipleField(_l("What should be in it"), validate_choice=False)
    include_files = BooleanField(_l("Also the files that I uploaded"))

    def offer(self, categories: list[Category]) -> None:
        """Offer the categories of which something is held; all are ticked until somebody chooses."""
        self.categories.choices = [SelectChoice(c.value, CATEGORY_WORDS[c]) for c in categories]
        if not self.is_submitted():
            self.categories.data = [c.value for c in categories]

    def validate_categories(self, field: SelectMultipleField) -> None:
        if not set(field.data or ()) <= {category.value for category in Category}:
            raise ValidationError(_("Please choose from this list."))
