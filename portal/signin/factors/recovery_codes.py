"""Ten codes on paper for a day without the authenticator app. Each works once; only hashes are kept.

A code is sixteen letters and digits without look-alikes: the first says which of the ten it is, so that checking one
costs one hash (ASVS 5.0, 6.5.2), the other fifteen are random, 66 bits (docs/decisions/0017-second-step.md).
"""

import secrets
from collections.abc import Sequence
from unicodedata import normalize

from sqlalchemy import delete, func, insert, select, update

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db, new_id
from portal.signin import passwords
from portal.signin.factors.models import RecoveryCode

ALPHABET = "BCDFGHJKMPQRTVWXY23479"  # no vowel, so no word; and nothing that is taken for something else
COUNT = 10
RANDOM = 15
GROUP = 4
FEW = 3


def new() -> list[str]:
    """Ten codes as they are printed: four groups of four."""
    return [_grouped(ALPHABET[number] + _random()) for number in range(COUNT)]


def hashed(codes: Sequence[str]) -> list[str]:
    """Their argon2id hashes, in the same order; a third of a second of work, so outside of any transaction."""
    return [passwords.hashed(plain(code) or "") for code in codes]


def keep(user: User, hashes: Sequence[str]) -> None:
    """These are this person's codes now; those from before are gone."""
    forget(user)
    made_at = clock.now()
    rows = [
        {"id": new_id(), "user_id": user.id, "number": number, "code_hash": one, "made_at": made_at}
        for number, one in enumerate(hashes)
    ]
    db.session.execute(insert(RecoveryCode), rows)


def forget(user: User) -> None:
    """None of this person's codes works any more."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def left(user: User) -> int:
    """How many of them are unused."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def plain(typed: str) -> str | None:
    """A code as it is hashed: capitals, no dashes, no blanks; None when it cannot be one."""
    code = "".join(c for c in normalize("NFKC", typed).upper() if c.isalnum())
    is_one = len(code) == 1 + RANDOM and set(code) <= set(ALPHABET)
    return code if is_one and ALPHABET.index(code[0]) < COUNT else None


def find(user: User, code: str) -> RecoveryCode | None:
    """The unused row that `code` (plain) would have to fit."""
    number = ALPHABET.index(code[0])
    return db.session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user.id, RecoveryCode.number == number, RecoveryCode.used_at.is_(None)
        )
    )


def use_up(row: RecoveryCode) -> bool:
    """It has done its one service; False when somebody was faster."""
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.id == row.id, RecoveryCode.code_hash == row.code_hash, RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return db.session.scalar(used) is not None


def _random() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
