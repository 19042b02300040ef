"""Passwords: argon2id, bounded to the cores; 8 to 128 characters of any kind; common ones refused with the reason.

OWASP's parameters (19 MiB, t=2, p=1). Hashing more at once than there are cores only makes all of them slower.
"""

import os
from functools import cache
from threading import BoundedSemaphore
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from portal.core import hashes

SHORTEST, LONGEST = 8, 128
EASY_GUESSES = 10_000
LONGEST_ZXCVBN_TAKES = 72
# What guesses begin with here (ASVS 5.0, 6.2.11): such a password must be strong without these words
OUR_NAME = "smartos"
OUR_WORDS = (OUR_NAME, "smartosbooking", "smartospms", "smartosbespoke", "booking", "bespoke", "danang")
EASY_GUESSES_AFTER_OUR_NAME = 100_000_000
VIETNAMESE_FAVOURITES = frozenset(
    [
        "matkhau",
        "matkhau1",
        "matkhau123",
        "anhyeuem",
        "emyeuanh",
        "iloveyou",
        "vietnam",
        "vietnam123",
        "saigon123",
        "hanoi123",
        "danang123",
        "khongbiet",
        "khongcho",
        "thoathan",
        "smartos",
        "smartos123",
        "123456789a",
        "a123456789",
        "abcd1234",
        "qwer1234",
        "12345678910",
    ]
)

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_at_once = BoundedSemaphore(os.cpu_count() or 1)


def hashed(password: str) -> str:
    """The argon2id hash of a password (NFC, so that two keyboards type the same)."""
    with _at_once:
        return _hasher.hash(normalize("NFC", password))


def is_right(password: str, known_hash: str | None) -> bool:
    """Whether `password` fits. An unknown account costs the same time as a known one."""
    with _at_once:
        try:
            fits = _hasher.verify(known_hash or _nobody(), normalize("NFC", password)[: LONGEST * 2])
        except (VerificationError, InvalidHashError):
            return False
    return fits and bool(known_hash)


@cache
def _nobody() -> str:
    return _hasher.hash(hashes.new_secret())


def objection(password: str, *, about: tuple[str, ...] = ()) -> str | None:
    """Why this password is refused, in the reader's language, or None. `about`: what others know of the person."""
    password = normalize("NFC", password)
    if len(password) < SHORTEST:
        return _("Please use at least %(n)d characters. Any characters count, spaces too.", n=SHORTEST)
    if len(password) > LONGEST:
        return _("Please use at most %(n)d characters.", n=LONGEST)
    if _is_on_a_list(password):
        return _("This password is on the lists of leaked passwords that attackers try first. Please choose another.")
    if _is_about(password, about):
        return _("This password holds your name or address, which others can guess. Please choose another.")
    guesses = zxcvbn(password[:LONGEST_ZXCVBN_TAKES], user_inputs=OUR_WORDS)["guesses"]
    if guesses < EASY_GUESSES:
        return _("This password is guessed in a moment. A few words that do not belong together are much better.")
    if OUR_NAME in password.casefold() and guesses < EASY_GUESSES_AFTER_OUR_NAME:
        return _("Little is left of this password without our name, which is what guesses here begin with.")
    return None


def _is_on_a_list(password: str) -> bool:
    plain = password.casefold()
    return plain in VIETNAMESE_FAVOURITES or plain in _leaked()


@cache
def _leaked() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_about(password: str, about: tuple[str, ...]) -> bool:
    plain = password.casefold()
    return any(word.casefold() in plain for word in about if len(word) >= 5)
