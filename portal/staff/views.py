"""The console's front door: what the signed-in member of Smartos's personnel may open."""

from dataclasses import dataclass

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.core import web
from portal.core.access import personnel
from portal.core.features import Feature

bp = Blueprint("staff", __name__, url_prefix="/staff")


@dataclass(frozen=True)
class Door:
    """A way from the front page into a room of the console."""

    feature: Feature
    endpoint: str
    icon: str
    title: LazyString
    text: LazyString


DOORS = (
    Door(
        Feature.POLICIES,
        "policy_desk.index",
        "scale",
        _l("Policies"),
        _l("Draft, compare and publish the privacy policy and the Terms of Service."),
    ),
    Door(
        Feature.NOTICES,
        "notices.index",
        "send",
        _l("Notices"),
        _l("Letters to many people: how far they are, pause, go on, cancel."),
    ),
    Door(
        Feature.CAMPAIGNS,
        "campaigns.index",
        "bell",
        _l("Campaigns"),
        _l("Advertising to those who agreed to its kind, and to nobody else."),
    ),
    Door(
        Feature.SUPPORT,
        "traffic.index",
        "chart-column",
        _l("Traffic"),
        _l("Which pages are opened how often, by those who allow measuring."),
    ),
)


@bp.get("")
@personnel
def front() -> ResponseReturnValue:
    """The rooms that this person's features open; customers have no business here."""
    return web.page("staff/front.html", doors=[door for door in DOORS if current_user.may(door.feature)])
