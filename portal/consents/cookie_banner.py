"""The question about cookies above every page, until it was answered in this browser."""

from dataclasses import dataclass

from flask import request
from flask_babel import get_locale

from portal.consents import choices, gpc, wording
from portal.consents.cookie_forms import token
from portal.core import web
from portal.core.language import LOCALES


@dataclass(frozen=True)
class Question:
    """What the banner needs: the form's token, the page to come back to, and the exact words of what is asked."""

    token: str
    next: str
    words: tuple[wording.Words, ...]


def question() -> Question | None:
    """The question, unless it was answered here, or the browser answers it for its person by its own signal."""
    if gpc.asks_not_to() or choices.of_browser() is not None:
        return None
    return Question(token(), _this_page(), words())


def words() -> tuple[wording.Words, ...]:
    """What agreeing to each of the two means, word for word, in the reader's language."""
    locale = str(get_locale())
    return tuple(wording.of(purpose, locale if locale in LOCALES else LOCALES[0]) for purpose in choices.FIELDS)


def _this_page() -> str:
    """Where the answer leads back to: this page, if it can be opened at all."""
    rule = request.url_rule
    can_be_opened = rule is not None and "GET" in (rule.methods or ())
    return (web.safe_next(request.full_path.rstrip("?")) if can_be_opened else None) or "/"
