"""Who may: closed by default. A view is private unless it says @public (clauses 1.1, 2.3)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.features import CONSOLE_FEATURES, Feature

View = TypeVar("View", bound=Callable[..., Any])
Demand = Callable[[Any], ResponseReturnValue | None]


def public(view: View) -> View:
    """Anyone may see this, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Whoever signed in: it concerns only the person's own data (a right, not a feature)."""
    view.access = "signed-in"  # type: ignore[attr-defined]
    return view


def requires(feature: Feature, *others: Feature) -> Callable[[View], View]:
    """Only who holds `feature`: an Admin User by the package, a Staff User by grant.

    With `others`, who holds any of them; the view then asks for the one that its row needs (`must_hold`).
    """

    def mark(view: View) -> View:
        view.access = feature  # type: ignore[attr-defined]
        view.or_access = others  # type: ignore[attr-defined]
        return view

    return mark


def must_hold(feature: Feature) -> None:
    """403 where the row at hand needs a feature that this person does not hold."""
    if not current_user.may(feature):
        abort(403)


def personnel(view: View) -> View:
    """Whoever belongs to Smartos; what the console demands of them comes first."""
    view.access = "signed-in"  # type: ignore[attr-defined]
    view.personnel = True  # type: ignore[attr-defined]
    return view


def also_while_closing(view: View) -> View:
    """Stays open while the account is closing (DECISIONS 9): reading, own export, undo, signing out."""
    view.while_closing = True  # type: ignore[attr-defined]
    return view


def guard() -> ResponseReturnValue | None:
    """Before every request: 303 to sign-in, 403 without the feature, 303 to what the console demands, or by closing."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return None
    access = getattr(view, "access", "signed-in")
    if access == "public":
        return None
    if (answer := sign_in_first()) is not None:
        return answer
    if not _may(view, access):
        abort(403)
    if _is_console(view, access) and (answer := _demanded()):
        return answer
    if current_user.is_closing and not _is_open_while_closing(view):
        return redirect(url_for("erasure.close_account"), 303)
    return None


def sign_in_first() -> ResponseReturnValue | None:
    """303 to sign-in where a page is private and nobody is signed in (any more)."""
    view = current_app.view_functions.get(request.endpoint or "")
    is_open = view is None or request.endpoint == "static" or getattr(view, "access", "signed-in") == "public"
    return None if is_open or current_user.is_authenticated else _to_sign_in()


def _may(view: Any, access: str) -> bool:
    if getattr(view, "personnel", False) and not current_user.customer.is_smartos:
        return False
    if not isinstance(access, Feature):
        return True
    return any(current_user.may(feature) for feature in (access, *getattr(view, "or_access", ())))


def _is_console(view: Any, access: str) -> bool:
    return getattr(view, "personnel", False) or access in CONSOLE_FEATURES


def _demanded() -> ResponseReturnValue | None:
    """What rooms upstairs ask of Smartos's own people before the console opens (app.py hands them down)."""
    demands: Sequence[Demand] = current_app.extensions["demands"]
    return next((answer for demand in demands if (answer := demand(current_user)) is not None), None)


def _to_sign_in() -> ResponseReturnValue:
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("signin.sign_in", next=request.full_path.rstrip("?")), 303)
    if _sent_a_cookie():
        flash(_("You were signed out in the meantime, so nothing was changed. Please sign in again."), "warning")
    return redirect(url_for("signin.sign_in"), 303)


def _sent_a_cookie() -> bool:
    """A foreign site's form comes without (SameSite=Lax); an answer with one would take the place of the real one."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def _is_open_while_closing(view: Any) -> bool:
    return request.method in ("GET", "HEAD") or cast(bool, getattr(view, "while_closing", False))
