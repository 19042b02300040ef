"""As much of JSON Schema (draft 2020-12) as the export's own schemas use, checked strictly."""

import re
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
FORMATS = {
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00",
    "time": r"\d\d:\d\d:\d\d(\.\d+)?",
}
KNOWN = {"$schema", "title", "description", "type", "properties", "required", "additionalProperties", "items"}
KNOWN |= {"enum", "const", "format", "contentEncoding"}


def mistakes(value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
    """Where `value` is not as `schema` says; a word that this checker does not know is a mistake too."""
    found = [f"{place}: unknown word {word}" for word in schema.keys() - KNOWN]
    if "const" in schema and value != schema["const"]:
        found.append(f"{place}: is not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum']}")
    if "type" in schema and not _is_of(value, schema["type"]):
        return [*found, f"{place}: {value!r} is not {schema['type']}"]
    if isinstance(value, str) and not re.fullmatch(FORMATS.get(schema.get("format", ""), r"(?s).*"), value):
        found.append(f"{place}: {value!r} is no {schema['format']}")
    return found + _below(value, schema, place)


def _is_of(value: Any, names: str | list[str]) -> bool:
    wanted = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in wanted
    return any(isinstance(value, TYPES[name]) for name in wanted)


def _below(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += mistakes(item, schema["items"], f"{place}[{index}]")
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        found += [f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{place}: {name} is one too many" for name in value.keys() - properties.keys()]
        for name in value.keys() & properties.keys():
            found += mistakes(value[name], properties[name], f"{place}.{name}")
    return found
