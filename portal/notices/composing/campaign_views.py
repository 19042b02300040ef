"""The campaigns, for whoever holds CAMPAIGNS (clause 4.5)."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.core.access import requires
from portal.core.features import Feature
from portal.notices.models import NoticeKind
from portal.notices.views import list_page

bp = Blueprint("campaigns", __name__, url_prefix="/staff/campaigns")


@bp.get("")
@requires(Feature.CAMPAIGNS)
def index() -> ResponseReturnValue:
    """Every campaign, drafts too, the newest first."""
    return list_page("campaigns.index", [NoticeKind.CAMPAIGN], before=request.args.get("before"))
