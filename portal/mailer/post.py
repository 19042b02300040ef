"""Writing letters: a room gives facts, templates make the words in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import css_inline
from flask import current_app
from flask_babel import force_locale

from portal.core import clock
from portal.core.contact import contact_point
from portal.core.database import db
from portal.mailer.models import Letter

PARTS = ("subject.txt", "txt", "html")


@dataclass(frozen=True)
class Reader:
    """Who gets a letter and in which language; `user_id` empty for people without an account."""

    address: str
    locale: str
    user_id: UUID | None = None


def write(name: str, to: Reader, facts: Mapping[str, Any], *, expires_at: datetime | None = None) -> Letter:
    """Write the letter `name` (`<room>/<letter>`) as a row of this transaction.

    A letter whose links are stale after `expires_at` is not sent after that.
    """
    subject, text, html = words(name, to.locale, facts)
    letter = Letter(
        name=name,
        user_id=to.user_id,
        address=to.address,
        locale=to.locale,
        subject=subject,
        text=text,
        html=html,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    letter.promise()
    db.session.add(letter)
    return letter


def words(name: str, locale: str, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML (styles inlined) of a letter in one language."""
    with force_locale(locale):
        context = {"locale": locale, **contact_point(), **facts}
        subject, text, html = (_rendered(f"mail/{name}.{part}", context) for part in PARTS)
    return " ".join(subject.split()), text.strip() + "\n", _inliner().inline(html)


def _rendered(template: str, context: Mapping[str, Any]) -> str:
    """Without what pages are given: a letter knows nothing of who is signed in while it is written."""
    return current_app.jinja_env.get_template(template).render(context)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
