"""Which browsers a person is known to use: by browser, system and network of their visits, without a cookie."""

import ipaddress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.core.web import Visitor
from portal.signin import alarms
from portal.signin.models import VISIT_DAYS, Visit, Way
from portal.signin.sessions import named

NETWORK_BITS = {4: 24, 6: 48}


def known_as(user_id: UUID, seen: Visitor) -> str | None:
    """What names this device of this person, if it is a known one: for counts of its own (core/throttle/delays).

    Known is who was here before with the same browser and system from the same network, within 90 days.
    """
    browser, system = named(seen.user_agent)
    since = clock.now() - timedelta(days=VISIT_DAYS)
    rows = db.session.execute(
        select(Visit.browser, Visit.ip)
        .where(Visit.user_id == user_id, Visit.system == system, Visit.at > since)
        .distinct()
    )
    device = (_family(browser), network(seen.ip))
    is_among = any((_family(known), network(ip)) == device for known, ip in rows)
    return f"{_family(browser)}|{system}|{network(seen.ip)}" if is_among else None


def is_known(user: User, seen: Visitor) -> bool:
    """Whether this person was here before with the same browser and system from the same network (90 days)."""
    return known_as(user.id, seen) is not None


def greet(user: User, way: Way, seen: Visitor) -> None:
    """Tell the person by letter when a device signs in that was never seen; the first one of all needs no letter."""
    if is_known(user, seen) or not _has_visited(user):
        return
    alarms.tell(user, "signin/new-device", about=f"way:{way}", facts={"way": way, "ip": seen.ip})


def _has_visited(user: User) -> bool:
    return db.session.scalar(select(Visit.id).where(Visit.user_id == user.id).limit(1)) is not None


def _family(browser: str) -> str:
    return browser.rstrip("0123456789. ")


def network(ip: str) -> str:
    """The network an address lies in: a /24, or for IPv6 a /48."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ipnetwork((address, NETWORK_BITS[address.version]), strict=False))
