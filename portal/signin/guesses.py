"""Guesses at a person's secrets: counted before they are judged, slowed down, remembered for the person to hear of."""

from portal.accounts.links import NOBODY
from portal.accounts.models import User
from portal.core import throttle
from portal.core.throttle import delays, tally
from portal.core.throttle.delays import Attempt
from portal.core.throttle.tally import Tally
from portal.core.web import Visitor
from portal.signin import devices

WRONG = "wrong-password"
ENOUGH_TO_TELL = 10


def at_sign_in(email: str, user: User | None, seen: Visitor) -> Attempt:
    """Before a password is judged that was typed for `email`, whether or not it is anybody's.

    Raises throttle.Waiting.
    """
    device = devices.known_as(user.id if user else NOBODY, seen)
    return delays.attempt("password", throttle.account(email), device=device)


def by_session(user: User, seen: Visitor) -> Attempt:
    """Before a password or code is judged of who is signed in here; strangers cannot make this session wait.

    Raises throttle.Waiting.
    """
    device = devices.known_as(user.id, seen) or f"session:{user.sign_in.id}"
    return delays.attempt("proof", str(user.id), device=device)


def note_wrong(email: str) -> None:
    """A wrong password was tried for this address. Commits."""
    tally.add(WRONG, throttle.account(email))


def wrong_before(user: User) -> Tally | None:
    """Wrong passwords tried since the person last heard of any, if they were many within an hour; told once."""
    subject = throttle.account(user.email)
    found = tally.of(WRONG, subject)
    if found is None or found.most_in_an_hour < ENOUGH_TO_TELL:
        return None
    tally.forget(WRONG, subject)
    return found
