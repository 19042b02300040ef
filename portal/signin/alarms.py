"""Letters that say how somebody got in or what guards the account now, each with its "this was not me"."""

from collections.abc import Mapping
from typing import Any

from flask import has_request_context

from portal.accounts import links
from portal.accounts.models import LinkPurpose, User
from portal.core import clock, web
from portal.mailer.post import Reader, write
from portal.signin.sessions import named

NOT_ME_HOURS = 7 * 24


def tell(
    user: User,
    letter: str,
    *,
    about: str,
    facts: Mapping[str, Any] | None = None,
    address: str | None = None,
    by_browser: bool = True,
) -> None:
    """Write `letter` (`<room>/<letter>`) to the person, or to the `address` that was theirs until now.

    `about` says what "this was not me" undoes: `password`, `email`, `phone`, `second-step`, `recovery-codes`,
    `passkey:<id>`, `google`, `facebook`, or `way:<way>` for a sign-in. The templates get `full_name`, `at`, `browser`,
    `system` (empty when no browser asked: with `by_browser` False the one who asks is a provider's machine), `not_me`
    (the link) and `facts`.
    """
    to = address or user.email
    is_browser = by_browser and has_request_context()
    browser, system = named(web.visitor().user_agent) if is_browser else ("", "")
    secret, _link = links.issue(
        user,
        LinkPurpose.NOT_ME,
        hours=NOT_ME_HOURS,
        mailed_to=to,
        about=about,
        browser=" · ".join(filter(None, [browser, system])),
        replacing=False,
    )
    known = {
        "full_name": user.full_name,
        "at": clock.now(),
        "browser": browser,
        "system": system,
        "not_me": web.absolute_url("not_me.not_me", token=secret),
    }
    write(letter, Reader(to, user.locale, user.id), known | dict(facts or {}))
