"""The letters that people of Smartos write (clauses 4.5, 4.6): typed words set into templates/mail/notices/*."""

from collections.abc import Mapping
from typing import Any

from portal.accounts.models import User
from portal.consents import unsubscribing
from portal.consents.models import PURPOSE_NAMES
from portal.core import web
from portal.core.language import LOCALES
from portal.mailer import post
from portal.mailer.models import Letter
from portal.mailer.post import Reader
from portal.notices.composing import written
from portal.notices.engine import skeleton
from portal.notices.engine.skeleton import Skeleton
from portal.notices.models import Notice, NoticeKind, NoticeText

SERVICE = "notices/service"
CAMPAIGN = "notices/campaign"
LETTERS = {NoticeKind.SERVICE: SERVICE, NoticeKind.CAMPAIGN: CAMPAIGN}


def compose(notice: Notice, texts: Mapping[str, NoticeText]) -> None:
    """Put the letter of each language that is there into its row; a language without words gets none."""
    for locale in LOCALES:
        text = texts[locale]
        if is_whole(text):
            made = skeleton.compose(notice.letter, locale, _facts(notice, text))
            text.subject, text.text, text.html = made.subject, list(made.text), list(made.html)
        else:
            text.subject, text.text, text.html = text.written_subject, [], []


def is_whole(text: NoticeText) -> bool:
    """Whether this language can go out: it has a subject, a body, and a label where it has a link."""
    has_label = bool(text.link_label) or not text.link
    return bool(text.written_subject and text.written_body and has_label)


def _facts(notice: Notice, text: NoticeText) -> dict[str, Any]:
    return {
        "subject": text.written_subject,
        "blocks": written.blocks(text.written_body),
        "link": text.link,
        "link_label": text.link_label,
        "purpose": PURPOSE_NAMES[notice.purpose] if notice.purpose else "",
        "consents": web.absolute_url("consents.index"),
        "is_test": False,
    }


def for_one(notice: Notice, text: NoticeText, reader: User) -> tuple[str, str, str]:
    """Subject, text and HTML of the stored letter as `reader` would get it."""
    words, html = Skeleton(text.subject, text.text, text.html).for_reader(_personal(notice, reader))
    return text.subject, words, html


def _personal(notice: Notice, reader: User) -> dict[str, str]:
    leaving = unsubscribing.link(reader.id, notice.purpose) if notice.purpose else ""
    return {
        "full_name": reader.full_name,
        "company_name": reader.customer.company_name or reader.full_name,
        "unsubscribe": leaving,
        "for_you": "",
    }


def write_test(notice: Notice, text: NoticeText, to: User) -> Letter:
    """A real letter to who is composing, its subject marked as a test."""
    facts = _facts(notice, text) | _personal(notice, to) | {"is_test": True}
    return post.write(notice.letter, Reader(to.email, text.locale, to.id), facts)
