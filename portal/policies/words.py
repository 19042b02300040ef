"""What to tell a person whose text cannot be taken."""

from flask_babel import gettext as _

from portal.policies.clauses import NumbersOutOfOrder, TextRefused
from portal.policies.source_text import MAX_BYTES


def why_refused(refusal: TextRefused) -> str:
    """One sentence in the reader's language."""
    if isinstance(refusal, NumbersOutOfOrder):
        return _(
            "Number %(number)s cannot stand where it stands: an article is missing or doubled.",
            number=refusal.found,
        )
    size = MAX_BYTES // 1000
    return {
        "empty": _("There is nothing in it."),
        "not-text": _("It is not a plain text or Markdown file in UTF-8."),
        "too-long": _("It is longer than %(size)d kB, or has more than 500 clauses.", size=size),
        "no-headings": _("No line in it begins an article, as “1. Introduction” would."),
    }[refusal.reason]
