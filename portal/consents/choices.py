"""What may be done at the present request: the browser's signal, this browser's choice, the person's ledger.

The narrowest answer wins (docs/decisions/0029). The choice cookie holds two answers and nothing else; it outlives the
browser only because it was chosen, and so that nobody is asked on every visit (clauses 5.1, 5.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from flask import Response, g, request
from flask_login import current_user

from portal.consents import gpc, standing
from portal.consents.purposes import ConsentPurpose
from portal.core import language
from portal.extensions import settings

LIVES = timedelta(days=180)
ANSWERS = {True: "yes", False: "no"}
FIELDS = {ConsentPurpose.MEASUREMENT: "measurement", ConsentPurpose.PERSONALISATION: "preferences"}


@dataclass(frozen=True)
class Choices:
    """What was answered in this browser, each purpose by itself."""

    measurement: bool
    preferences: bool

    @property
    def written(self) -> str:
        """What the cookie says, in words that anybody can read in the browser."""
        return f"measurement-{ANSWERS[self.measurement]}.preferences-{ANSWERS[self.preferences]}"

    def of(self, purpose: ConsentPurpose) -> bool:
        """The answer to one of the two purposes."""
        return bool(getattr(self, FIELDS[purpose]))


NOTHING = Choices(measurement=False, preferences=False)
READABLE = {choice.written: choice for m in ANSWERS for p in ANSWERS for choice in (Choices(m, p),)}


def cookie_name() -> str:
    """The cookie of the choice; over https it belongs to this host alone (ASVS 5.0, 3.3.3)."""
    return "__Host-choices" if settings().is_https else "choices"


def of_browser() -> Choices | None:
    """What was chosen in this browser; None while nobody has chosen, or where the cookie says anything else."""
    return READABLE.get(request.cookies.get(cookie_name(), ""))


def may(purpose: ConsentPurpose) -> bool:
    """Whether `purpose` is allowed at this request; never against the browser's own signal."""
    return not (purpose in FIELDS and gpc.asks_not_to()) and chosen(purpose)


def chosen(purpose: ConsentPurpose) -> bool:
    """Whether `purpose` was chosen, whatever signal the browser sends: by the ledger for who is signed in.

    A browser in which it was refused stays as it is, whatever its person allowed elsewhere.
    """
    here = of_browser()
    if purpose in FIELDS and here is not None and not here.of(purpose):
        return False
    if current_user.is_authenticated:
        return _decided().get(purpose, False)
    return purpose in FIELDS and here is not None


def remember(response: Response, choices: Choices) -> None:
    """Keep the answers in this browser, and the language for as long as they allow: refusing shortens its life."""
    response.set_cookie(
        cookie_name(),
        choices.written,
        max_age=LIVES,
        httponly=True,
        samesite="Lax",
        secure=settings().is_https,
        path="/",
    )
    _keep_language(response, is_lasting=choices.preferences)


def language_lives() -> timedelta | None:
    """How long a chosen language may stay in this browser; None ends it with the browser (clause 5.1)."""
    return LIVES if may(ConsentPurpose.PERSONALISATION) else None


def follow(response: Response) -> None:
    """After a page: what the signal or the person's ledger refuses by now is let go of in this browser too."""
    here = of_browser()
    if here is None or here == NOTHING:
        return
    if gpc.asks_not_to():
        _keep_language(response, is_lasting=False)
    elif current_user.is_authenticated:
        refused = {FIELDS[p]: False for p in FIELDS if here.of(p) and _decided().get(p) is False}
        if refused:
            remember(response, replace(here, **refused))


def mirror(response: Response, purpose: ConsentPurpose) -> None:
    """After a switch was turned elsewhere in this browser: its answer is this browser's too."""
    forget()
    answer = {FIELDS[purpose]: _decided().get(purpose, False)}
    remember(response, replace(of_browser() or NOTHING, **answer))


def forget() -> None:
    """The ledger has changed in this request: ask it again."""
    g.pop("consents_decided", None)


def _decided() -> Mapping[ConsentPurpose, bool]:
    """The newest decision on each purpose by who is signed in: one statement, once a request, and only if asked."""
    if "consents_decided" not in g:
        g.consents_decided = {p: entry.granted for p, entry in standing.of(current_user.id).items()}
    return cast(Mapping[ConsentPurpose, bool], g.consents_decided)


def _keep_language(response: Response, *, is_lasting: bool) -> None:
    if (spoken := language.of_cookie()) is not None:
        language.remember(response, spoken, lives=LIVES if is_lasting else None)
