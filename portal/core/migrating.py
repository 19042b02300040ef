"""Steps of migrations that both databases need said differently."""

from typing import Any

import sqlalchemy as sa
from alembic import op


def one_of(name: str, *values: str) -> sa.Enum:
    """The type of a column that holds one of a few words, as portal.core.database.choice() makes it."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def add_filled(table: str, column: sa.Column[Any]) -> None:
    """A column that must be filled: rows that are there get its server default, which then goes."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(column)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(column.name, existing_type=column.type, server_default=None)


def allow(table: str, column: str, old: sa.Enum, new: sa.Enum) -> None:
    """Another set of values: SQLite copies the table under its new CHECK, PostgreSQL exchanges the CHECK."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table(table, schema=None, recreate="always") as batch_op:
            batch_op.alter_column(column, existing_type=old, type_=new)
        return
    name = op.f(f"ck_{table}_{new.name}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, sa.column(column).in_(new.enums))
