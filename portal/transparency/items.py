"""What My data shows, as plain values: categories, their sections, and each item with what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.categories import Category

MOST_COLUMNS = 5


@dataclass(frozen=True)
class Summary:
    """One category in one line."""

    category: Category
    label: Any
    sentence: Any
    items: int
    has_part_of_customer: bool


@dataclass(frozen=True)
class Said:
    """What the map says of one column, in words."""

    label: Any
    purpose: Any
    source: Any
    keep: Any
    withheld: Any


@dataclass(frozen=True)
class Item:
    """One value with what is said of it; empty where nothing is held, unseen where it is withheld."""

    said: Said
    value: str
    is_held: bool


@dataclass(frozen=True)
class Section:
    """One table of the map: a single row (you, your customer), or rows in pages, the newest first."""

    name: str
    label: Any
    columns: Sequence[Said]
    rows: Sequence[Sequence[Item]]
    is_single: bool
    older: str | None
    is_first_page: bool

    @property
    def shown_columns(self) -> list[Said]:
        """Those whose values are shown."""
        return [said for said in self.columns if not said.withheld]

    @property
    def fits_a_table(self) -> bool:
        """Few enough columns to stand side by side."""
        return len(self.shown_columns) <= MOST_COLUMNS

    @property
    def grounds(self) -> list[tuple[str, Said]]:
        """Purpose, source and keep-until, once for all columns that share them, with the names of these."""
        groups: dict[tuple[str, str, str], list[Said]] = {}
        for said in self.columns:
            groups.setdefault((str(said.purpose), str(said.source), str(said.keep)), []).append(said)
        return [(", ".join(str(said.label) for said in group), group[0]) for group in groups.values()]


@dataclass(frozen=True)
class Opened:
    """A category with all its sections; `is_part_hidden` when the customer's part needs a missing feature."""

    category: Category
    label: Any
    sentence: Any
    sections: Sequence[Section]
    is_part_hidden: bool

    @property
    def is_empty(self) -> bool:
        return not any(section.rows for section in self.sections)


@dataclass(frozen=True)
class Place:
    """From where a section goes on: the table and the key of the last row seen."""

    table: str
    before: str
