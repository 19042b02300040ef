"""Letters about leaving: facts only; the words are in templates/mail/erasure/."""

from portal.accounts.models import Kind, User
from portal.core import web
from portal.erasure.models import Closing, Scope
from portal.mailer.models import Letter
from portal.mailer.post import Reader, write

LAST_LETTER = "erasure/erased"
LAST_LETTER_HOURS = 24


def closing(person: User, what: Closing, *, secret: str | None, is_by_you: bool) -> None:
    """The account closes: until when, and how to undo it (by link only for who may)."""
    facts = {
        "full_name": person.full_name,
        "is_organisation": what.scope == Scope.CUSTOMER and person.customer.kind == Kind.ORGANISATION,
        "company_name": person.customer.company_name,
        "is_by_you": is_by_you,
        "days": (what.erase_at - what.closed_at).days,
        "erase_at": what.erase_at,
        "undo": web.absolute_url("erasure.undo_by_link", token=secret) if secret else None,
        "portal": web.absolute_url("erasure.close_account"),
        "status": web.absolute_url("erasure.data_deletion", code=what.code),
    }
    write("erasure/closing", Reader(person.email, person.locale, person.id), facts, expires_at=what.erase_at)


def undone(person: User, what: Closing) -> None:
    """The account stays as it was."""
    facts = {
        "full_name": person.full_name,
        "is_organisation": what.scope == Scope.CUSTOMER and person.customer.kind == Kind.ORGANISATION,
        "company_name": person.customer.company_name,
        "portal": web.absolute_url("pages.overview"),
    }
    write("erasure/undone", Reader(person.email, person.locale, person.id), facts)


def erased(reader: Reader, what: Closing) -> Letter:
    """The last letter: no name, and nothing personal but the address on the envelope (DECISIONS 12)."""
    facts = {"code": what.code, "status": web.absolute_url("erasure.data_deletion", code=what.code)}
    return write(LAST_LETTER, reader, facts)
