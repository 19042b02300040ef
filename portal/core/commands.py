"""What every command keeps: exit 0 done, 1 the work failed, 2 wrong usage, 3 not ready; one clear line says why."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from portal.core.database import db

Command = TypeVar("Command", bound=Callable[..., Any])


class NotReady(click.ClickException):
    """The portal cannot do this yet; the text says what is missing."""

    exit_code = 3


def failing_clearly(command: Command) -> Command:
    """A database that does not answer, or has no tables yet, ends the command with 3 and one line."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (OperationalError, ProgrammingError) as error:
            db.session.rollback()
            kind = type(error.orig).__name__
            raise NotReady(f"The database is not ready ({kind}): try `flask db upgrade`.") from error

    return cast(Command, run)
