"""Beside the clause about access: the copies a person has asked for."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import func, select

from portal.core.database import db
from portal.core.living import ClauseControl, Said
from portal.exports.models import Export, ExportState


def _copies(user: Any) -> Sequence[Said]:
    ready = (Export.user_id == user.id, Export.state == ExportState.READY)
    count = db.session.scalar(select(func.count()).select_from(Export).where(*ready)) or 0
    if not count:
        return [Said(_("No copy is waiting for you"))]
    return [Said(ngettext("%(num)d copy is ready", "%(num)d copies are ready", count), is_on=True)]


CONTROLS = (ClauseControl("9.1", _l("Copies of your data"), "exports.index", _copies),)
