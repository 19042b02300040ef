"""A JSON Schema (draft 2020-12) for each file of data, so that another system can read it without asking."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Enum
from sqlalchemy.types import TypeDecorator

from portal.exports.contents import Field, Part

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "string"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    bytes: {"type": "string", "contentEncoding": "base64"},
}


def schema(category_name: str, parts: Sequence[Part]) -> bytes:
    """What data/<category>.json holds: its tables, each a list of entries with all their fields."""
    tables = {part.table.name: {"type": "array", "items": _entry(part)} for part in parts}
    properties = {"category": {"const": category_name}, "tables": _object(tables)}
    document = {"$schema": DRAFT, "title": category_name, **_object(properties)}
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def _entry(part: Part) -> dict[str, Any]:
    fields = {field.name: {**_type(field.column), **_words(field)} for field in part.fields}
    return {"title": str(part.table.info["label"]), **_object({"id": _type(part.key), **fields})}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _words(field: Field) -> dict[str, str]:
    said = field.said
    return {"title": str(said.label), "description": f"{said.purpose} · {said.source} · {field.keep.words}"}


def _type(column: Column[Any]) -> dict[str, Any]:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, JSON):
        return {}  # whatever was stored
    if isinstance(kind, Enum):
        return {"enum": [*kind.enums, None] if column.nullable else list(kind.enums)}
    found = TYPES[kind.python_type]
    return {**found, "type": [found["type"], "null"]} if column.nullable else dict(found)
