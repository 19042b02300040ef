"""Which browsers a person is known to use: by browser, system and network of their visits, without a cookie."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import session
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.core import clock, hashes
from portal.core.database import db
from portal.core.web import Visitor
from portal.signin import alarms, sessions
from portal.signin.models import VISIT_DAYS, WAY_WORDS, SignIn, Visit, Way
from portal.signin.sessions import named

NETWORK_BITS = {4: 24, 6: 48}
MAILBOX = "mailbox"  # the cookie's entry of a browser that has just proven a mailbox
MAILBOX_MINUTES = 60


def known_as(user_id: UUID, seen: Visitor) -> str | None:
    """What names this device of this person, if it is a known one: for counts of its own (core/throttle/delays).

    Known is a browser that was here before (`is_known`), or that has just proven the person's mailbox by a reset.
    """
    return _by_mailbox(user_id) or _by_visit(user_id, seen)


def known_by_visit(user_id: UUID, seen: Visitor) -> str | None:
    """The same without the mailbox: for what a mailbox alone must not open (codes of the second step)."""
    return _by_visit(user_id, seen)


def is_known(user: User, seen: Visitor) -> bool:
    """Whether this person was here before with the same browser and system from the same network (90 days)."""
    return _by_visit(user.id, seen) is not None


def _by_visit(user_id: UUID, seen: Visitor) -> str | None:
    browser, system = named(seen.user_agent)
    since = clock.now() - timedelta(days=VISIT_DAYS)
    query = select(Visit.browser, Visit.ip).where(Visit.user_id == user_id, Visit.system == system, Visit.at > since)
    device = (_family(browser), network(seen.ip))
    is_among = any((_family(known), network(ip)) == device for known, ip in db.session.execute(query.distinct()))
    return "|".join((*device, system)) if is_among else None


def mailbox_proven(user: User) -> None:
    """A link from this person's mailbox was used in this browser: a known device of theirs for an hour."""
    until = clock.now() + timedelta(minutes=MAILBOX_MINUTES)
    session[MAILBOX] = [_owner(user.id), hashes.new_secret()[:22], int(until.timestamp())]


def _by_mailbox(user_id: UUID) -> str | None:
    owner, name, until = session.get(MAILBOX) or ("", "", 0)
    return f"mailbox:{name}" if owner == _owner(user_id) and clock.now().timestamp() < until else None


def _owner(user_id: UUID) -> str:
    return hashes.keyed("mailbox", str(user_id))[:32]


def greet(user: User, way: Way, seen: Visitor) -> None:
    """Tell the person by letter when a device signs in that was never seen; the first one of all needs no letter."""
    if is_known(user, seen) or not _has_visited(user):
        return
    alarms.tell(user, "signin/new-device", about=f"way:{way}", facts={"way": way, "ip": seen.ip})


def _has_visited(user: User) -> bool:
    return db.session.scalar(select(Visit.id).where(Visit.user_id == user.id).limit(1)) is not None


@dataclass(frozen=True)
class Device:
    """One signed-in browser as its owner sees it. `is_odd`: on a network from where they had never come before."""

    sign_in: SignIn
    is_odd: bool

    @property
    def way(self) -> str:
        """How it got in, in the reader's words."""
        return str(WAY_WORDS[self.sign_in.way])


def of(user: User) -> list[Device]:
    """The browsers that are signed in, the latest first."""
    rows = sessions.alive(user)
    first_seen = _networks(user)
    return [Device(row, _is_odd(row, first_seen)) for row in rows]


def _networks(user: User) -> dict[str, datetime]:
    """Each network of this person's visits, and when they first came from it."""
    query = select(Visit.ip, func.min(Visit.at)).where(Visit.user_id == user.id).group_by(Visit.ip)
    found: dict[str, datetime] = {}
    for ip, at in db.session.execute(query):
        found[network(ip)] = min(at, found.get(network(ip), at))
    return found


def _is_odd(row: SignIn, first_seen: dict[str, datetime]) -> bool:
    """Its network was new when it signed in, or is new since; a person's very first visit is not odd."""
    has_history = any(at < row.started_at for at in first_seen.values())
    return has_history and first_seen.get(network(row.ip), row.started_at) >= row.started_at


def _family(browser: str) -> str:
    return browser.rstrip("0123456789. ")


def network(ip: str) -> str:
    """The network an address lies in: a /24, or for IPv6 a /48."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, NETWORK_BITS[address.version]), strict=False))
