"""The one form of linking that works signed out."""

from portal.core.forms import PublicForm


class LinkByLetterForm(PublicForm):
    """A button that only a person presses: mail scanners open links, but do not post."""
