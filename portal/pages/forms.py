"""Forms of the pages without a room."""

from wtforms import HiddenField

from portal.core.forms import PublicForm


class LocaleForm(PublicForm):
    """Another language; works without a cookie."""

    locale = HiddenField()
