"""How alembic finds the portal's database; `flask db …` runs it inside the app."""

from alembic import context
from alembic.operations.ops import CreateTableOp, MigrationScript
from flask import current_app
from sqlalchemy import Connection

from portal.core.database import UTCDateTime, db


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Migrations name plain types, so that they stay true when the code moves."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def without_the_map(migration: object, revision: object, directives: list[MigrationScript]) -> None:
    """What the data map says of a table is read off the code, and stays out of migrations."""
    for script in directives:
        for operations in script.upgrade_ops_list + script.downgrade_ops_list:
            for operation in operations.ops:
                if isinstance(operation, CreateTableOp):
                    operation.info.clear()


def run(connection: Connection) -> None:
    """Migrate over `connection`, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        process_revision_directives=without_the_map,
    )
    with context.begin_transaction():
        context.run_migrations()


with current_app.app_context(), db.engine.connect() as connection:
    run(connection)
    connection.commit()
