"""Back from Google or Facebook with a proven identity: in, on to signing up, or on to linking."""

from collections.abc import Mapping
from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.audit import chain
from portal.core import clock, web
from portal.core.web import Visitor
from portal.signin import entering
from portal.signin.providers import linking, newcomers, received
from portal.signin.providers.identity import Identity
from portal.signin.providers.models import PROVIDER_NAMES


def arrive(identity: Identity, *, handshake: Mapping[str, Any], seen: Visitor) -> ResponseReturnValue:
    """Where somebody goes whose `identity` a provider has just vouched for.

    `handshake` is what was kept when they left (`purpose` is `sign-in` or `link`, `user` the id in hex of who began
    to link, `after` a path or None). Writes rows: the caller calls this inside `writing()` and commits there.
    """
    if handshake.get("purpose") == "link":
        return _to_link(identity, began=handshake.get("user"))
    return _sign_in(identity, seen, after=handshake.get("after"))


def _sign_in(identity: Identity, seen: Visitor, *, after: str | None) -> ResponseReturnValue:
    found = linking.find(identity.issuer, identity.subject)
    if found is None:
        newcomers.remember(identity)
        return web.see_other("joining.continue_sign_up")
    account, user = found
    if account.paused_at is not None:
        chain.record("signin.refused", subject=user, customer_id=user.customer_id)
        return web.page("signin/linked-paused.html", status=403, provider=PROVIDER_NAMES[account.provider])
    received.put(account, identity)  # the address there may change; the link is by subject
    account.used_at = clock.now()
    return entering.enter(user, identity.provider.way, seen, after=after)


def _to_link(identity: Identity, *, began: str | None) -> ResponseReturnValue:
    """Only whoever began to link may go on: a session that changed meanwhile links nothing."""
    if not current_user.is_authenticated or current_user.id.hex != began:
        chain.record("linking.refused")
        flash(_("You were signed out, or signed in as somebody else, meanwhile. Nothing was linked."), "error")
        return web.see_other("linking.linked")
    found = linking.find(identity.issuer, identity.subject)
    if found is not None and found[1].id == current_user.id:
        linking.resume(found[0], identity, current_user)
        name = PROVIDER_NAMES[identity.provider]
        flash(_("This %(provider)s account is linked to you already.", provider=name), "info")
        return web.see_other("linking.linked")
    newcomers.remember(identity)
    return web.see_other("linking.confirm")
