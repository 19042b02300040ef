"""A notice as its reader sees it in the portal: what the letter's HTML part says, without the letter's looks.

Only plain elements and links come through, so that the page's own style and its policy (no inline style, no foreign
content) hold whoever wrote the words.
"""

import re

import nh3
from markupsafe import Markup

from portal.accounts.models import User
from portal.consents import unsubscribing
from portal.consents.purposes import ConsentPurpose
from portal.notices.engine.skeleton import Skeleton
from portal.notices.models import NoticeText

_FRAME = re.compile(r'<div class="(?:sheet|foot)"[^>]*>')
_LEFT_OUT = re.compile(r'<h1\b.*?</h1>|<p class="action-plain".*?</p>', re.DOTALL)
"""The page has a heading of its own, and every link can be clicked."""

_CLEANER = nh3.Cleaner(
    tags={"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "br"},
    attributes={"*": set(), "a": {"href"}},
    url_schemes={"https", "http", "mailto"},
    link_rel="noopener noreferrer",
)


def body(text: NoticeText, reader: User, purpose: ConsentPurpose | None, *, concerns: int) -> Markup:
    """What stands in the letter between its head and its foot, for this reader, as safe HTML."""
    composed = Skeleton(text.subject, text.text, text.html, text.lines)
    _text, html = composed.for_reader(_personal(reader, purpose), concerns=concerns)
    return cleaned(html)


def cleaned(html: str) -> Markup:
    """The sheet of a letter's HTML part as it may stand in a page."""
    parts = _FRAME.split(html)
    sheet = parts[1] if len(parts) > 1 else html
    return Markup(_CLEANER.clean(_LEFT_OUT.sub("", sheet)))


def _personal(reader: User, purpose: ConsentPurpose | None) -> dict[str, str]:
    return {
        "full_name": reader.full_name,
        "company_name": reader.customer.company_name or reader.full_name,
        "unsubscribe": unsubscribing.link(reader.id, purpose) if purpose else "",
    }
