"""Counts and delays as rows, under keyed hashes: no address and no name."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Model
from portal.core.datamap import Keep


class ThrottleCount(Model):
    """How often one keyed hash was counted in one window; no address and no name."""

    __tablename__ = "throttle_count"
    __table_args__ = (
        {"info": {"shared": "keyed hashes and counts only", "keep": Keep(_l("2 days"), 2, "window_start")}},
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int]


class ThrottleDelay(Model):
    """How long one keyed hash has to wait after wrong tries; no address and no name."""

    __tablename__ = "throttle_delay"
    __table_args__ = ({"info": {"shared": "keyed hashes and counts only", "keep": Keep(_l("2 days"), 2, "tried_at")}},)

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(index=True)
    wait_until: Mapped[datetime]
