"""Which browsers a person is known to use: by browser, system and network of their visits, without a cookie."""

import ipaddress

from sqlalchemy import select

from portal.accounts.models import User
from portal.core.database import db
from portal.core.web import Visitor
from portal.signin import alarms
from portal.signin.models import Visit, Way
from portal.signin.sessions import named

NETWORK_BITS = {4: 24, 6: 48}


def is_known(user: User, seen: Visitor) -> bool:
    """Whether this person was here before with the same browser and system from the same network (90 days)."""
    browser, system = named(seen.user_agent)
    rows = db.session.execute(
        select(Visit.browser, Visit.ip).where(Visit.user_id == user.id, Visit.system == system).distinct()
    )
    network = _network(seen.ip)
    return any(_family(known) == _family(browser) and _network(ip) == network for known, ip in rows)


def greet(user: User, way: Way, seen: Visitor) -> None:
    """Tell the person by letter when a device signs in that was never seen; the first one of all needs no letter."""
    if is_known(user, seen) or not _has_visited(user):
        return
    alarms.tell(user, "signin/new-device", about=f"way:{way}", facts={"way": way, "ip": seen.ip})


def _has_visited(user: User) -> bool:
    return db.session.scalar(select(Visit.id).where(Visit.user_id == user.id).limit(1)) is not None


def _family(browser: str) -> str:
    return browser.rstrip("0123456789. ")


def _network(ip: str) -> str:
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, NETWORK_BITS[address.version]), strict=False))
