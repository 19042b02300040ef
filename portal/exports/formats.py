"""The two forms of every entry: JSON, lossless for machines, and CSV, safe to open in a spreadsheet."""

import base64
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from unicodedata import category, normalize
from uuid import UUID

from portal.exports.contents import Field, Part

Pages = Callable[[Part], Iterator[Sequence[Any]]]
BOM = "\ufeff"
FORMULA_STARTS = frozenset("=+-@\u2212")
MADE_TEXT: dict[type, Callable[[Any], str]] = {
    datetime: lambda value: value.isoformat(),
    date: lambda value: value.isoformat(),
    time: lambda value: value.isoformat(),
    UUID: str,
    Decimal: str,  # a JSON number would lose digits
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
}


def plain(value: Any) -> Any:
    """A column's value as JSON knows it, without loss; times are ISO 8601 in UTC."""
    kind = type(value)
    if kind is str or value is None:  # most of them, by far
        return value
    if made := MADE_TEXT.get(kind):
        return made(value)
    return value.value if isinstance(value, Enum) else value


def json_document(category_name: str, parts: Sequence[Part], pages: Pages) -> Iterator[bytes]:
    """All entries of one category, table by table, a page at a time."""
    yield f'{{\n"category": {json.dumps(category_name)},\n"tables": {{'.encode()
    for index, part in enumerate(parts):
        yield (",\n" if index else "\n").encode() + f"{json.dumps(part.table.name)}: [".encode()
        names = ["id", *(field.name for field in part.fields)]
        comma = ""
        for rows in pages(part):
            yield (comma + "\n" + ",\n".join(_json_line(names, row) for row in rows)).encode()
            comma = ","
        yield b"\n]"
    yield b"\n}\n}\n"


def _json_line(names: list[str], row: Any) -> str:
    return json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False)


def csv_document(parts: Sequence[Part], pages: Pages, kind_header: str) -> Iterator[bytes]:
    """The same entries as one sheet: what kind of entry, its id, and a column for each label in any table."""
    headers, places = _sheet(parts)
    yield (BOM + _lines([[kind_header, "id", *headers]])).encode()
    for part, columns in zip(parts, places, strict=True):
        kind = str(part.table.info["label"])
        for rows in pages(part):
            yield _lines(_sheet_rows(rows, kind, columns, len(headers))).encode()


def _sheet(parts: Sequence[Part]) -> tuple[list[str], list[list[int]]]:
    """The headers, and for each part the columns that its fields go to; equal labels share one."""
    headers: list[str] = []
    places = []
    for part in parts:
        columns: list[int] = []
        for field in part.fields:
            header = _header(field, taken=[headers[column] for column in columns])
            if header not in headers:
                headers.append(header)
            columns.append(headers.index(header))
        places.append(columns)
    return headers, places


def _header(field: Field, *, taken: list[str]) -> str:
    label = str(field.said.label)
    return f"{label} ({field.name})" if label in taken else label


def _sheet_rows(rows: Iterable[Any], kind: str, columns: list[int], width: int) -> Iterator[list[str]]:
    for row in rows:
        cells = [""] * width
        for column, value in zip(columns, row[1:], strict=True):
            cells[column] = cell(value)
        yield [kind, str(row[0]), *cells]


def _lines(rows: Iterable[list[str]]) -> str:
    """RFC 4180: CRLF, every cell quoted, quotes doubled."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows(map(safe, row) for row in rows)
    return sheet.getvalue()


def cell(value: Any) -> str:
    """A value as a spreadsheet shows it."""
    value = plain(value)
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def safe(text: str) -> str:
    """`text` with an apostrophe before every line that a spreadsheet could take for a formula (OWASP).

    Full-width and small forms count too, and so does a formula behind spaces or signs that do not show.
    """
    if text[:1].isalnum() and "\n" not in text and "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(f"'{line}" if _starts_formula(line) else line for line in lines)


def _starts_formula(line: str) -> bool:
    if line[:1] == "\t":
        return True
    first = next((sign for sign in line if category(sign)[0] not in "ZC"), "")
    return bool(first) and normalize("NFKC", first)[0] in FORMULA_STARTS
