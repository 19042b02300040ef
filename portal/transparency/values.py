"""Values as a person reads them: by the kind of value, and by the words that the data map has for it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from portal.core.language import datasize, day, moment, number


def readable(value: Any, words: Mapping[Any, Any] | None = None) -> str:
    """`value` in the reader's language; an empty text where nothing is held."""
    if is_empty(value):
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(readable(part, words) for part in value)
    if words is not None and isinstance(value, (str, bool)) and value in words:
        return str(words[value])
    return _by_kind(value)


def is_empty(value: Any) -> bool:
    """Whether nothing is held: no value, an empty text, an empty list. A zero and a no are something."""
    return value is None or value in ("", [], {}, ())


def _by_kind(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, (bytes, memoryview)):
        return datasize(len(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
