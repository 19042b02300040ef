"""My data: every item held, with its purpose, source and keep-until (clauses 3.1, 3.3, 9.1)."""

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core import web
from portal.core.access import signed_in
from portal.core.categories import Category
from portal.transparency import service
from portal.transparency.items import Place

bp = Blueprint("transparency", __name__)

CORRECTED_AT = {
    Category.PROFILE: "profile.profile",
    Category.ACCOUNT: "signin.security",
    Category.DEVICES: "signin.devices",
    Category.LINKED_ACCOUNTS: "linking.linked",
    Category.CONSENTS: "consents.index",
    Category.EXPORTS: "exports.index",
}


@bp.get("/my-data")
@signed_in
def my_data() -> ResponseReturnValue:
    return web.page("transparency/my-data.html", summaries=service.summaries(current_user))


@bp.get("/my-data/<name>")
@signed_in
def category(name: str) -> ResponseReturnValue:
    try:
        wanted = Category(name)
    except ValueError:
        abort(404)
    place = Place(request.args.get("in", ""), request.args.get("before", ""))
    return web.page(
        "transparency/category.html",
        opened=service.opened(current_user, wanted, place),
        corrected_at=CORRECTED_AT.get(wanted),
    )
