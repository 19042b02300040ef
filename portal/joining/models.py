"""Registrations that wait for their letter to be answered. Nobody is a user before their address is verified."""

from datetime import datetime
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped

from portal.accounts.models import Kind
from portal.core import clock
from portal.core.categories import Category
from portal.core.database import Model, choice, new_id
from portal.core.datamap import for_days, held, outsiders, technical

REGISTRATION_DAYS = 3


class Registration(Model):
    """What somebody typed at sign-up. It becomes a customer and a user, or it is dropped after three days."""

    __tablename__ = "registration"
    __table_args__ = (outsiders(_l("Sign-ups not yet verified"), keep=for_days(REGISTRATION_DAYS, since="created_at")),)

    id: Mapped[UUID] = technical(primary_key=True, default=new_id)
    secret_hash: Mapped[str] = technical(unique=True)
    created_at: Mapped[datetime] = technical(default=clock.now, index=True)
    kind: Mapped[Kind] = held(choice(Kind), label=_l("Kind of customer"), category=Category.ACCOUNT)
    full_name: Mapped[str] = held(label=_l("Full name"), category=Category.PROFILE)
    company_name: Mapped[str] = held(label=_l("Company name"), category=Category.PROFILE, default="")
    email: Mapped[str] = held(label=_l("E-mail"), category=Category.PROFILE)
    email_key: Mapped[str] = held(label=_l("E-mail"), category=Category.ACCOUNT, index=True)
    locale: Mapped[str] = held(label=_l("Language"), category=Category.PROFILE)
    password_hash: Mapped[str | None] = held(
        label=_l("Password"),
        category=Category.ACCOUNT,
        nullable=True,
        default=None,
        withheld=_l("Only an irreversible hash is kept."),
    )
    browser_hash: Mapped[str] = technical(default="")  # what was given here counts only in the browser that gave it
    newcomer_id: Mapped[UUID | None] = technical(default=None)  # who came from Google or Facebook (signin.providers)
