"""What the mail server took in this chunk: written down before the next letter leaves, and once more if that is lost.

Whoever was told "250" is the only one who knows it. So a lane that loses its database keeps what it was told since the
last chunk was claimed, waits until the database is back however long that takes, and writes it down again; what
another lane has taken over meanwhile, and may have sent a second time, is counted as a possible duplicate.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, select, update

from portal.core import clock
from portal.core.database import db
from portal.notices.engine import pens
from portal.notices.engine.claiming import UNSEEN, Held
from portal.notices.engine.marking import patiently
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeState


@dataclass(frozen=True)
class Acceptance:
    """The server has this letter."""

    held: Held
    state: DeliveryState
    sent_at: datetime


class Acceptances:
    """Those of one run of a lane."""

    def __init__(self, lane_id: UUID, notice: Notice) -> None:
        self._lane_id, self._notice = lane_id, notice
        self._told: list[Acceptance] = []
        self._pen: pens.Pen | None = None
        self._lost: Any = (db.engine.dialect.loaded_dbapi.Error, pens.DatabaseLost, OSError)

    def add(self, held: Held) -> NoticeState | None:
        """The server has this letter: safe against kill -9 on return. How the notice stands, as far as is known.

        None when a row was not this lane's any more: erased, or taken over.
        """
        state = DeliveryState.POSSIBLE_DUPLICATE if held.interrupted else DeliveryState.SENT
        told = Acceptance(held, state, clock.now())
        self._told.append(told)
        try:
            self._pen = self._pen or pens.take_up(self._lane_id, self._notice)
            return self._pen.write(held, state, told.sent_at)
        except self._lost:
            self.make_sure()
            return None

    def settle(self) -> None:
        """Wait until the database has answered for every one of them."""
        try:
            if self._pen is not None:
                self._pen.settle()
        except self._lost:
            self.make_sure()

    def forget(self) -> None:
        """The next chunk is claimed: the commit that did so has made all before it durable."""
        self._told.clear()

    def make_sure(self) -> None:
        """The database was lost: once it is back, each acceptance is written down that is not there yet."""
        self._put_away()
        patiently(self._write_again)

    def close(self) -> None:
        """Settle, and let go of the connection."""
        self.settle()
        self._put_away()

    def _put_away(self) -> None:
        pen, self._pen = self._pen, None
        if pen is not None:
            pen.close()

    def _write_again(self) -> None:
        for told in self._told:
            _write_again(told)
        db.session.commit()


def _write_again(told: Acceptance) -> None:
    mine = [Delivery.id == told.held.id, Delivery.lane_token == told.held.token]
    values = {"state": told.state, "sent_at": told.sent_at, "answer": None, "lane_token": None}
    marked = update(Delivery).where(*mine).values(values).returning(Delivery.id)
    if db.session.scalar(marked, execution_options=UNSEEN) is not None:
        return
    stands = select(Delivery.sent_at).where(Delivery.id == told.held.id)
    if db.session.scalar(stands) == told.sent_at:
        return
    sent_twice = case((Delivery.state == DeliveryState.SENT, DeliveryState.POSSIBLE_DUPLICATE), else_=Delivery.state)
    counted = {"interrupted": Delivery.interrupted + 1, "state": sent_twice}
    db.session.execute(update(Delivery).where(Delivery.id == told.held.id).values(counted), execution_options=UNSEEN)
