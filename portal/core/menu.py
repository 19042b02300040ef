"""The menu and the banners: tables that app.py hands down, shown to whom they concern."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_babel import LazyString
from flask_login import current_user

from portal.core.features import Feature


@dataclass(frozen=True)
class MenuEntry:
    """A way into a room; shown to whoever holds `feature`, or to everyone signed in without one.

    `count` says how many things wait there for this person; it is asked after the banners, which know it already.
    """

    label: LazyString
    endpoint: str
    icon: str = ""
    feature: Feature | None = None
    count: Callable[[Any], int] | None = None


@dataclass(frozen=True)
class MenuItem:
    label: LazyString
    href: str
    icon: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Banner:
    """One line above the page: `tone` info, warn or danger; `href` and `action` name the next step."""

    tone: str
    text: str
    href: str | None = None
    action: str | None = None


BannerSource = Callable[[Any], Sequence[Banner]]


def connect_menu(app: Flask, entries: Sequence[MenuEntry], sources: Sequence[BannerSource]) -> None:
    """Give every page its menu and banners."""

    @app.context_processor
    def menu_and_banners() -> dict[str, Any]:
        if not current_user.is_authenticated:
            return {"menu": [], "banners": []}
        allowed = [e for e in entries if e.feature is None or current_user.may(e.feature)]
        banners = [banner for source in sources for banner in source(current_user)]
        return {"banners": banners, "menu": [_item(e) for e in allowed]}


def _item(entry: MenuEntry) -> MenuItem:
    href = url_for(entry.endpoint)
    is_current = request.path == href or request.path.startswith(href.rstrip("/") + "/")
    count = entry.count(current_user) if entry.count else 0
    return MenuItem(entry.label, href, entry.icon, is_current, count)
