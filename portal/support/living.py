"""Beside the clause about the contact point: whom to write to."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.contact import contact_point
from portal.core.living import ClauseControl, Said


def _contact(user: Any) -> Sequence[Said]:
    point = contact_point()
    return [Said(str(point["support_email"])), Said(str(point["dpo_name"]))]


CONTROLS = (ClauseControl("13.1", _l("Write to us"), "support.contact", _contact),)
