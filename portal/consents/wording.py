"""What a person agrees to, word by word: data, content, form and frequency of each purpose (Law 91/2025 Art. 9, 28).

The digest covers everything that a question shows. Whoever changes a word, in either language, raises the purpose's
version and writes the new digests into tests/consents/wordings.json; a rule test tells.
"""

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from portal.consents.models import PURPOSE_NAMES
from portal.consents.purposes import ConsentPurpose

CONTROLLER = _l(
    "Smartos, with its seat in Đà Nẵng, Vietnam, decides about this data and answers for it. Whom to ask stands at the "
    "foot of every page."
)
RIGHTS = _l(
    "You are free to agree or not, separately for each purpose. You can withdraw at any time with one click; it works "
    "at once, and what was done before stays lawful. Every decision is recorded, with these words, for you to look up."
)
READER = _l(
    "Your full name, company name, e-mail address and language, and which Smartos products and package you use."
)
LETTERS = _l(
    "By e-mail, with [QC], the mark of advertising, first in the subject and a link at the end that stops this kind."
)
AT_MOST = _l("At most three advertising letters a day, all five kinds together.")
ONLY_LETTERS = _l("You get no such letters. Everything else stays as it is, at the same price.")


@dataclass(frozen=True)
class Question:
    """What one purpose asks, in lazy words; `sensitive` is empty for data that is not (Decree 356 Art. 6.4)."""

    version: int
    why: Any
    data: Any
    content: Any
    form: Any
    frequency: Any
    without: Any
    sensitive: Any = ""


@dataclass(frozen=True)
class Words:
    """A question in one language, as it is shown; what the digest covers, in this order."""

    title: str
    why: str
    data: str
    content: str
    form: str
    frequency: str
    without: str
    sensitive: str
    controller: str
    rights: str

    @property
    def sha256(self) -> str:
        """The digest of the words: SHA-256 of their JSON list, 64 hex digits."""
        return hashlib.sha256(json.dumps(astuple(self), ensure_ascii=False).encode()).hexdigest()


def _letters(version: int, *, why: Any, content: Any) -> Question:
    return Question(
        version, why=why, data=READER, content=content, form=LETTERS, frequency=AT_MOST, without=ONLY_LETTERS
    )


QUESTIONS = {
    ConsentPurpose.PROMOTIONS: _letters(
        1,
        why=_l("To write to you when you could pay less for Smartos products."),
        content=_l("Lower prices, vouchers and limited offers for Smartos PMS, Bespoke Solution and Booking."),
    ),
    ConsentPurpose.EVENTS: _letters(
        1,
        why=_l("To invite you to events that may help you run your rooms and apartments."),
        content=_l("Date, place and programme of workshops, product days and trade fairs, and how to register."),
    ),
    ConsentPurpose.NEW_SERVICES: _letters(
        1,
        why=_l("To present to you what is new at Smartos and what you could use besides."),
        content=_l(
            "New products, add-ons and packages. Changes of what you use already are told to everybody, without this."
        ),
    ),
    ConsentPurpose.SURVEYS: _letters(
        1,
        why=_l("To ask what you think, so that we know what to improve."),
        content=_l("Invitations to short surveys about our products and our support. You may leave any unanswered."),
    ),
    ConsentPurpose.ACCOMMODATION: _letters(
        1,
        why=_l("To show you places to stay or to rent that are offered through Smartos."),
        content=_l(
            "Advertisements for rooms, apartments, homestays and hotels, with place, price and pictures. We send them "
            "ourselves: whoever advertises does not get your data."
        ),
    ),
    ConsentPurpose.MEASUREMENT: Question(
        1,
        why=_l("To see which pages of this portal are used and which are not, and to make them better."),
        data=_l("Which page was opened on which day. No name, account, cookie or IP address is kept with it."),
        content=_l("One number for each page and day, for Smartos's own people only; no other company counts along."),
        form=_l("On our server while you use this portal; nothing is stored in your browser for it."),
        frequency=_l(
            "With each page that you open. Where your browser sends Global Privacy Control, nothing is counted, even "
            "if you agreed here."
        ),
        without=_l("Your visits are not counted. Every page works the same."),
    ),
    ConsentPurpose.PERSONALISATION: Question(
        1,
        why=_l("To put first in this portal what fits the way you use Smartos."),
        data=_l("Your language, role, products and package, and which parts of this portal you have set up."),
        content=_l("Hints and shortcuts that fit you, in place of the same ones for everybody. No advertising."),
        form=_l("On the pages of this portal."),
        frequency=_l("With each page that you open while you are signed in."),
        without=_l("You see the same hints and shortcuts as everybody. No feature is missing."),
    ),
    ConsentPurpose.LOCATION: Question(
        1,
        why=_l("To show you the rental spaces and services that are available nearest to you."),
        data=_l("Where your phone or computer is, as your browser tells it."),
        content=_l("A list of places near you with their distance."),
        form=_l("On the Nearby page; your browser asks you once more before it tells us where you are."),
        frequency=_l("Only when you ask for places near you; never in the background."),
        without=_l("You name a place yourself and get the same list for it."),
        sensitive=_l(
            "Your location is sensitive personal data (Decree 356/2025/NĐ-CP): it can tell where you live and how you "
            "move. When you withdraw, the location that we keep is deleted at once."
        ),
    ),
}


def of(purpose: ConsentPurpose, locale: str) -> Words:
    """The words of a purpose as everybody reads them in `locale` today."""
    question = QUESTIONS[purpose]
    with force_locale(locale):
        return Words(
            title=str(PURPOSE_NAMES[purpose]),
            why=str(question.why),
            data=str(question.data),
            content=str(question.content),
            form=str(question.form),
            frequency=str(question.frequency),
            without=str(question.without),
            sensitive=str(question.sensitive),
            controller=str(CONTROLLER),
            rights=str(RIGHTS),
        )


def version(purpose: ConsentPurpose) -> int:
    """Which version of the words is asked today, in both languages."""
    return QUESTIONS[purpose].version
