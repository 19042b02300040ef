"""What an officer sees before publishing: the letter as it would come to them, and whom each of its lines concerns."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from portal.accounts.models import User
from portal.notices.inbox import words as inbox_words
from portal.policies import for_you, service
from portal.policies.models import PolicyVersion
from portal.policies.service import Publication


@dataclass(frozen=True)
class Preview:
    """The letter in one language, and every line with how many people it concerns."""

    locale: str
    subject: str
    words: Markup
    reach: Sequence[tuple[str, int]]


def of(version: PolicyVersion, terms: Publication, *, reader: User) -> list[Preview]:
    """In both languages, with the three lines that `reader` would get; two statements besides the texts."""
    ready, letters = service.foresee(version, terms)
    concerns, people = for_you.of(reader, ready), for_you.reach(ready)
    personal = {"full_name": reader.full_name, "company_name": reader.customer.company_name}
    return [
        Preview(
            locale,
            letter.subject,
            inbox_words.cleaned(letter.for_reader(personal, concerns=concerns)[1]),
            [(line["text"].removeprefix("• "), count) for line, count in zip(letter.lines, people, strict=True)],
        )
        for locale, letter in letters.items()
    ]
