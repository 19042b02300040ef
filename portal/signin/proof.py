"""Fresh proof: one decorator asks who is there, before whatever would hurt in another's hands (DESIGN, mechanism 9)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user

from portal.signin import sessions


def fresh_proof(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view opens within ten minutes of a sign-in or a confirmation; else it asks and comes back."""

    @wraps(view)
    def proven(*args: Any, **kwargs: Any) -> Any:
        if sessions.is_proven(current_user.sign_in):
            return view(*args, **kwargs)
        back = request.full_path.rstrip("?") if request.method == "GET" else request.path
        return redirect(url_for("proof.confirm_identity", next=back), 303)

    return proven
