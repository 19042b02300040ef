"""Beside the clauses about access: the page that lists everything held."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core.living import ClauseControl, Said


def _open(user: Any) -> Sequence[Said]:
    return [Said(_("Everything held about you, item by item"))]


CONTROLS = (ClauseControl("9.1", _l("My data"), "transparency.my_data", _open),)
