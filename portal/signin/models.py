"""Sign-ins as rows that can be ended, visits with what the browser said, and what is half done (clauses 3.3, 5.1)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, UniqueConstraint
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, owner, table, technical

VISIT_DAYS = 90
SIGN_IN_DAYS = 2


class Way(StrEnum):
    """How somebody got in."""

    PASSWORD = "password"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    GOOGLE = "google"
    FACEBOOK = "facebook"


WAY_WORDS = {
    Way.PASSWORD: _l("Password"),
    Way.RECOVERY: _l("Link sent by e-mail"),
    Way.PASSKEY: _l("Passkey"),
    Way.GOOGLE: "Google",
    Way.FACEBOOK: "Facebook",
}


def _seen(category: Category, *args: Any, **kwargs: Any) -> Any:
    return held(*args, category=category, purpose=Purpose.FRAUD, source=Source.AUTOMATIC, **kwargs)


class SignIn(Model):
    """One signed-in browser. The cookie holds a random secret, the row its hash; ending the row ends the session."""

    __tablename__ = "sign_in"
    __table_args__ = (table(_l("Devices that are signed in"), keep=for_days(SIGN_IN_DAYS, since="last_seen_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    secret_hash: Mapped[str] = technical(unique=True)
    started_at: Mapped[datetime] = _seen(Category.DEVICES, label=_l("Signed in"), default=clock.now)
    last_seen_at: Mapped[datetime] = _seen(Category.DEVICES, label=_l("Last seen"), default=clock.now, index=True)
    proven_at: Mapped[datetime | None] = technical(default=None)
    way: Mapped[Way] = _seen(Category.DEVICES, choice(Way), label=_l("Signed in by"), words=WAY_WORDS)
    is_strong: Mapped[bool] = technical(default=False)  # a second step was done, or a passkey verified the person
    ip: Mapped[str] = _seen(Category.DEVICES, label=_l("IP address"))
    browser: Mapped[str] = _seen(Category.DEVICES, label=_l("Browser"))
    system: Mapped[str] = _seen(Category.DEVICES, label=_l("Operating system"))


class Visit(Model):
    """The time of one visit, with IP address, browser and operating system (clauses 3.1, 3.3)."""

    __tablename__ = "visit"
    __table_args__ = (table(_l("Visits"), keep=for_days(VISIT_DAYS, since="at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    at: Mapped[datetime] = _seen(Category.VISITS, label=_l("Time of your visit"), default=clock.now, index=True)
    way: Mapped[Way] = held(
        choice(Way),
        label=_l("Signed in by"),
        category=Category.VISITS,
        purpose=Purpose.FRAUD,
        source=Source.AUTOMATIC,
        words=WAY_WORDS,
    )
    ip: Mapped[str] = _seen(Category.VISITS, label=_l("IP address"))
    browser: Mapped[str] = _seen(Category.VISITS, label=_l("Browser"))
    system: Mapped[str] = _seen(Category.VISITS, label=_l("Operating system"))


class HandshakeKind(StrEnum):
    """What was begun in a browser and is to be finished there."""

    PROVIDER = "provider"  # gone to Google or Facebook, expected back
    SECOND_STEP = "second-step"  # the first step was right, the code is missing
    PASSKEY = "passkey"  # a challenge waits for its signature
    TWO_STEP_SETUP = "two-step-setup"  # a secret is shown, its first code is missing
    PROOF_CODE = "proof-code"  # a code was mailed to prove who is there


class Handshake(Model):
    """One thing half done in one browser. The cookie stays one small secret, however many of them there are."""

    __tablename__ = "handshake"
    __table_args__ = (
        UniqueConstraint("browser_hash", "kind", "key_hash"),
        table(_l("Sign-ins half done"), keep=for_days(1, since="expires_at")),
    )

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = owner("user.id", nullable=True)
    browser_hash: Mapped[str] = technical()
    kind: Mapped[HandshakeKind] = technical(choice(HandshakeKind))
    key_hash: Mapped[str] = technical()
    data: Mapped[dict[str, Any]] = technical(JSON, default=dict)
    tries: Mapped[int] = technical(default=0)
    begun_at: Mapped[datetime] = technical(default=clock.now)
    expires_at: Mapped[datetime] = technical(index=True)
