"""What a person holds to prove who they are, apart from a password: passkeys, a second step, recovery codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, BigInteger, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped

from portal.core import clock
from portal.core.categories import Category, Purpose, Source
from portal.core.database import Model, new_id
from portal.core.datamap import held, owner, table, technical


def _guard(*args: Any, **kwargs: Any) -> Any:
    return held(*args, category=Category.ACCOUNT, purpose=Purpose.FRAUD, **kwargs)


class Passkey(Model):
    """One passkey (WebAuthn credential): the public half only; the private half never leaves the person's device."""

    __tablename__ = "passkey"
    __table_args__ = (table(_l("Passkeys")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    credential_id: Mapped[bytes] = technical(LargeBinary, unique=True)
    public_key: Mapped[bytes] = technical(LargeBinary)
    sign_count: Mapped[int] = technical(BigInteger, default=0)  # unsigned, 32 bits (WebAuthn, 6.1)
    transports: Mapped[list[str]] = technical(JSON, default=list)
    is_synced: Mapped[bool] = _guard(label=_l("Kept by a password manager"), source=Source.AUTOMATIC, default=False)
    name: Mapped[str] = _guard(label=_l("Name of the passkey"))
    added_at: Mapped[datetime] = _guard(label=_l("Added"), source=Source.AUTOMATIC, default=clock.now)
    used_at: Mapped[datetime | None] = _guard(
        label=_l("Last used"), source=Source.AUTOMATIC, nullable=True, default=None
    )


class SecondStep(Model):
    """The second step of one person (TOTP, RFC 6238): a secret shared with their authenticator app."""

    __tablename__ = "second_step"
    __table_args__ = (table(_l("Second step")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id", unique=True)
    sealed_secret: Mapped[str] = _guard(
        label=_l("Secret of the authenticator app"),
        source=Source.SMARTOS,
        withheld=_l("It is kept encrypted and shown once only; who sees it could make your codes."),
    )
    last_step: Mapped[int] = technical(default=0)  # the newest 30-second step that was used: none is accepted twice
    added_at: Mapped[datetime] = _guard(label=_l("Switched on"), source=Source.AUTOMATIC, default=clock.now)
    used_at: Mapped[datetime | None] = _guard(
        label=_l("Last used"), source=Source.AUTOMATIC, nullable=True, default=None
    )


class RecoveryCode(Model):
    """One of ten codes for a day without the authenticator app. Each works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "number"), table(_l("Recovery codes")))

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = owner("user.id")
    number: Mapped[int] = technical()
    code_hash: Mapped[str] = _guard(
        label=_l("Recovery code"),
        source=Source.SMARTOS,
        withheld=_l("Only an irreversible hash is kept."),
    )
    made_at: Mapped[datetime] = _guard(label=_l("Made"), source=Source.AUTOMATIC, default=clock.now)
    used_at: Mapped[datetime | None] = _guard(label=_l("Used"), source=Source.AUTOMATIC, nullable=True, default=None)
