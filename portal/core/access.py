"""Who may: closed by default. A view is private unless it says @public (clauses 1.1, 2.3)."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.core.features import Feature

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anyone may see this, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Whoever signed in: it concerns only the person's own data (a right, not a feature)."""
    view.access = "signed-in"  # type: ignore[attr-defined]
    return view


def requires(feature: Feature) -> Callable[[View], View]:
    """Only who holds `feature`: an Admin User by the package, a Staff User by grant."""

    def mark(view: View) -> View:
        view.access = feature  # type: ignore[attr-defined]
        return view

    return mark


def also_while_closing(view: View) -> View:
    """Stays open while the account is closing (DECISIONS 9): reading, own export, undo, signing out."""
    view.while_closing = True  # type: ignore[attr-defined]
    return view


def guard() -> ResponseReturnValue | None:
    """Before every request: 303 to sign-in, 403 without the feature, 403 for changes while closing."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return None
    access = getattr(view, "access", "signed-in")
    if access == "public":
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if isinstance(access, Feature) and not current_user.may(access):
        abort(403)
    if current_user.is_closing and not _is_open_while_closing(view):
        return redirect(url_for("erasure.close_account"), 303)
    return None


def _to_sign_in() -> ResponseReturnValue:
    if request.method not in ("GET", "HEAD"):
        return redirect(url_for("signin.sign_in"), 303)
    return redirect(url_for("signin.sign_in", next=request.full_path.rstrip("?")), 303)


def _is_open_while_closing(view: Any) -> bool:
    return request.method in ("GET", "HEAD") or cast(bool, getattr(view, "while_closing", False))
