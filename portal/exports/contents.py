"""What goes into an export, read off the data map: whose rows, which columns; what is left out and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, Select, Table, Uuid

from portal.core.categories import CATEGORY_WORDS, Category
from portal.core.database import new_id
from portal.core.datamap import DataMap, Held, Keep
from portal.exports.models import Scope

PAGE = 2000  # rows in memory at once
MEMBER_COLUMNS = ("full_name", "role", "email")

NOT_CHOSEN = _l("You did not choose it.")
NOTHING_HELD = _l("We hold nothing of this kind.")
NO_FILES = _l("You did not ask for them.")
OF_THE_ORGANISATION = _l("It belongs to your organisation; an Admin User can ask for it.")
OF_THE_MEMBERS = _l("It is each member's own; they can ask for it themselves.")
TECHNICAL = _l("Keys, locks and counters that our machines need; they say nothing about you.")


@dataclass(frozen=True)
class Order:
    """One export as it is to be built: whose, what, and the facts about the subject that its covers need."""

    export_id: UUID
    user_id: UUID
    customer_id: UUID
    scope: Scope
    categories: tuple[Category, ...]
    include_files: bool
    requested_at: datetime
    made_at: datetime
    keep_until: datetime
    locale: str
    is_individual: bool
    opens: frozenset[Category]  # categories of which they see the customer's part, too
    full_name: str
    email: str
    phone: str
    contact_address: str
    company_name: str
    company_address: str

    @property
    def is_of_customer(self) -> bool:
        return self.scope == Scope.CUSTOMER


@dataclass(frozen=True)
class Field:
    """One column, what the map says of it, and until when it is kept."""

    column: Column[Any]
    said: Held
    keep: Keep

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True, eq=False)
class Part:
    """One table's share of one category: the rows of one owner, the columns that are theirs to have."""

    category: Category
    table: Table
    root: str
    owner_id: UUID
    fields: tuple[Field, ...]
    until: UUID

    @property
    def key(self) -> Column[Any]:
        return next(iter(self.table.primary_key.columns))

    def page(self, datamap: DataMap, after: Any) -> Select[Any]:
        """The next rows after the key `after`: first the key, then the fields in their order.

        Rows that came after the order was taken up stay out, so that JSON and CSV agree (UUIDv7 keys grow).
        """
        query = datamap.page(self.table, self.root, self.owner_id, after=after, size=PAGE)
        query = query.with_only_columns(self.key, *(field.column for field in self.fields))
        return query.where(self.key <= self.until) if isinstance(self.key.type, Uuid) else query


@dataclass(frozen=True)
class LeftOut:
    """Something that is not in the archive (`what`, words to be joined), and why."""

    what: tuple[Any, ...]
    why: Any


def parts(datamap: DataMap, order: Order) -> list[Part]:
    """The shares of the chosen categories, in the order of the categories and of the tables."""
    until = new_id()
    chosen = [category for category in Category if category in order.categories]
    found = (_part(datamap, order, category, table, until) for category, table in _tables(datamap, chosen))
    return [part for part in found if part is not None]


def offered(datamap: DataMap) -> list[Category]:
    """The categories of which somebody with an account may have something."""
    held = (c for c, table in _tables(datamap, list(Category)) if datamap.nearest(table) != "outsiders")
    return list(dict.fromkeys(held))


def left_out(datamap: DataMap, order: Order, included: Sequence[Part], *, has_files: bool) -> list[LeftOut]:
    """What the person might look for and not find, with the reason."""
    with_data = {part.category for part in included}
    absent = [category for category in Category if category not in with_data]
    missing = [LeftOut((CATEGORY_WORDS[c],), _why_missing(datamap, order, c)) for c in absent]
    technical = LeftOut((_l("Technical columns"),), TECHNICAL)
    out = [*_withheld(datamap, included), *missing, *_others(order), technical]
    if has_files and not order.include_files:
        out.append(LeftOut((_l("Files that you uploaded"),), NO_FILES))
    return out


def _tables(datamap: DataMap, categories: list[Category]) -> Iterator[tuple[Category, Table]]:
    return ((category, table) for category in categories for table in datamap.tables_of(category))


def _part(datamap: DataMap, order: Order, category: Category, table: Table, until: UUID) -> Part | None:
    root = _root(datamap, order, category, table)
    fields = _fields(datamap, order, category, table)
    if root is None or not fields:
        return None
    owner_id = order.user_id if root == "user" else order.customer_id
    return Part(category, table, root, owner_id, fields, until)


def _root(datamap: DataMap, order: Order, category: Category, table: Table) -> str | None:
    """Through whom the rows are the subject's; None where they are somebody else's.

    Of an organisation, one member's own copy holds its details as far as My data shows them, and no row of
    another member.
    """
    nearest = datamap.nearest(table)
    if order.is_of_customer:
        return "customer" if nearest == "customer" or table.name == "user" else None
    if nearest == "user":
        return "user"
    is_mine = order.is_individual or (table.name == "customer" and category in order.opens)
    return "customer" if nearest == "customer" and is_mine else None


def _fields(datamap: DataMap, order: Order, category: Category, table: Table) -> tuple[Field, ...]:
    if order.is_of_customer and table.name == "user":
        return _member_fields(datamap, category, table)
    columns = datamap.held_columns(table, category)
    return tuple(Field(c, said, datamap.keep(table, said)) for c, said in columns if said.withheld is None)


def _member_fields(datamap: DataMap, category: Category, table: Table) -> tuple[Field, ...]:
    """Members by name, role and work address only (contract, exports)."""
    if category is not Category.PROFILE:
        return ()
    said = dict(datamap.held_columns(table))
    columns = [table.c[name] for name in MEMBER_COLUMNS]
    return tuple(Field(c, said[c], datamap.keep(table, said[c])) for c in columns)


def _withheld(datamap: DataMap, included: Sequence[Part]) -> list[LeftOut]:
    tables = dict.fromkeys((part.table, part.category) for part in included)
    return [
        LeftOut((table.info["label"], said.label), said.withheld)
        for table, category in tables
        for _column, said in datamap.held_columns(table, category)
        if said.withheld is not None
    ]


def _why_missing(datamap: DataMap, order: Order, category: Category) -> Any:
    if category not in order.categories:
        return NOT_CHOSEN
    if order.is_of_customer and datamap.tables_of(category):
        return OF_THE_MEMBERS
    if category is Category.CONTRACT and not order.is_individual:
        return OF_THE_ORGANISATION
    return NOTHING_HELD


def _others(order: Order) -> list[LeftOut]:
    if order.is_of_customer:
        return [LeftOut((_l("What concerns one member alone"),), OF_THE_MEMBERS)]
    if order.is_individual:
        return []
    return [LeftOut((_l("What belongs to your organisation"),), OF_THE_ORGANISATION)]
