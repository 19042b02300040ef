"""What the browser itself refuses for its person (W3C, "Global Privacy Control"; clause 5.2)."""

from flask import request

HEADER = "Sec-GPC"


def asks_not_to() -> bool:
    """Whether this browser asks not to be measured; only the value 1 says so, and it is never a consent."""
    return request.headers.get(HEADER) == "1"
