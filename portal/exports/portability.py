"""The profile in formats that other programs know: vCard 4.0 (RFC 6350) and schema.org in JSON-LD."""

import json
from collections.abc import Iterator
from typing import Any

from portal.exports.contents import Order

OCTETS = 75  # at most in a line, its end not counted (RFC 6350, 3.2)
ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": None})


def vcard(order: Order) -> bytes:
    """One card: the person's, or the organisation's."""
    properties = _organisation(order) if order.is_of_customer else _person(order)
    card = [("BEGIN", "VCARD"), ("VERSION", "4.0"), *properties, ("END", "VCARD")]
    return b"".join(_folded(f"{name}:{value}") for name, value in card)


def linked_data(order: Order) -> bytes:
    """The same as a schema.org Person, or Organization."""
    if order.is_of_customer:
        facts: dict[str, Any] = {
            "@type": "Organization",
            "@id": order.customer_id.urn,
            "name": order.company_name,
        }
        facts |= {"address": _postal(order.company_address)}
    else:
        facts = {"@type": "Person", "@id": order.user_id.urn, "name": order.full_name, "email": order.email}
        facts |= {"telephone": order.phone, "address": _postal(order.contact_address)}
        facts |= {"knowsLanguage": order.locale, "worksFor": _employer(order)}
    known = {name: value for name, value in facts.items() if value}
    return json.dumps({"@context": "https://schema.org", **known}, ensure_ascii=False, indent=2).encode()


def _person(order: Order) -> Iterator[tuple[str, str]]:
    yield "KIND", "individual"
    yield "UID", order.user_id.urn
    yield "FN", _text(order.full_name)
    yield "EMAIL", _text(order.email)
    if order.phone:
        yield "TEL;VALUE=uri", f"tel:{order.phone}"
    if order.contact_address:
        yield "ADR", _address(order.contact_address)
    if order.company_name:
        yield "ORG", _text(order.company_name)
    yield "LANG", order.locale
    yield "REV", _moment(order)


def _organisation(order: Order) -> Iterator[tuple[str, str]]:
    yield "KIND", "org"
    yield "UID", order.customer_id.urn
    yield "FN", _text(order.company_name or order.full_name)
    if order.company_address:
        yield "ADR", _address(order.company_address)
    yield "REV", _moment(order)


def _text(value: str) -> str:
    """A value in which no comma, semicolon, backslash or break means anything (RFC 6350, 3.4)."""
    return value.translate(ESCAPES)


def _address(value: str) -> str:
    """Seven parts, of which only the street is known: it is kept as one text (RFC 6350, 6.3.1)."""
    return f";;{_text(value)};;;;"


def _moment(order: Order) -> str:
    return order.made_at.strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> bytes:
    """The line and its end; a long one goes on after a break and a space, never inside a character."""
    folded = bytearray()
    room = OCTETS
    for sign in line:
        octets = sign.encode("utf-8", "replace")
        if len(octets) > room:
            folded += b"\r\n "
            room = OCTETS - 1
        folded += octets
        room -= len(octets)
    return bytes(folded) + b"\r\n"


def _postal(text: str) -> dict[str, Any] | None:
    return {"@type": "PostalAddress", "streetAddress": text} if text else None


def _employer(order: Order) -> dict[str, Any] | None:
    return {"@type": "Organization", "name": order.company_name} if order.company_name else None
