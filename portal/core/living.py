"""The living policy: beside a clause, the control that keeps it and its state for one person (a table in app.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString


@dataclass(frozen=True)
class Said:
    """One line of a state; `is_on` marks what a person has switched on or has running."""

    words: str
    is_on: bool = False


@dataclass(frozen=True)
class ClauseControl:
    """The control behind clause `clause` of our own privacy policy; `state` is asked for whoever is signed in."""

    clause: str
    label: LazyString
    endpoint: str
    state: Callable[[Any], Sequence[Said]]
