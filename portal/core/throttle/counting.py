"""Wide limits per window, against floods: by the browser's address, or by what a form names."""

import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from email_validator import EmailNotValidError
from flask import request

from portal.core import clock, hashes, words
from portal.core.database import db
from portal.core.forms import normal_email
from portal.core.throttle.refusal import TooOften
from portal.core.throttle.stores import agreed
from portal.core.web import visitor

IPV6_BITS = 64  # one household or one machine has a /64 to itself (RFC 6177), and all addresses in it


def count(name: str, subject: str, *, limit: int, seconds: int) -> None:
    """Count one act of `subject` (kept as a keyed hash); commits, so that the count outlives a refused request.

    Raises TooOften beyond `limit` acts per window of `seconds`.
    """
    now = clock.now()
    start = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
    key = hashes.keyed(f"throttle:{name}", subject)
    db.session.commit()
    _store, counted = agreed().ask(lambda store: store.add(key, start, seconds=seconds))
    if counted > limit:
        raise TooOften(max(1, int((start + timedelta(seconds=seconds) - now).total_seconds())))


def is_first(name: str, subject: str, *, seconds: int) -> bool:
    """Whether nothing of this kind was noted of `subject` in this window: for records that a stranger could fill."""
    try:
        count(name, subject, limit=1, seconds=seconds)
    except TooOften:
        return False
    return True


def throttled(name: str, *, field: str | None = None, limit: int, seconds: int) -> Callable[[Any], Any]:
    """Limit the POSTs of a view by the browser's address, or by a form `field` (an account)."""

    def mark(view: Any) -> Any:
        @wraps(view)
        def limited(*args: Any, **kwargs: Any) -> Any:
            if request.method == "POST":
                subject = account(request.form.get(field, "")) if field else place(visitor().ip)
                if subject or not field:  # an empty field names no account
                    count(name, subject, limit=limit, seconds=seconds)
            return view(*args, **kwargs)

        return limited

    return mark


def account(typed: str) -> str:
    """One spelling for all that the form takes for the same address; what is no address counts as it was typed."""
    try:
        return normal_email(words.clean(typed)).casefold()
    except (words.Unprintable, EmailNotValidError):
        return typed.strip().casefold()[:320]


def place(ip: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 address lies in."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return ip
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_BITS), strict=False))
