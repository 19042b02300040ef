"""What explains an archive by itself: index.html for people, without scripts; manifest.json for machines."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask import current_app
from flask_babel import force_locale
from markupsafe import Markup

from portal.core.categories import CATEGORY_WORDS, PURPOSE_WORDS, SOURCE_WORDS
from portal.core.datamap import Held
from portal.core.language import LANGUAGE_NAMES, LOCALES
from portal.exports.contents import LeftOut, Order, Part
from portal.exports.models import SCOPE_WORDS
from portal.transparency.values import readable

SCHEMA_VERSION = 1
LONGEST_SHOWN = 200  # letters of one value in the index; the data files have it whole


@dataclass
class Member:
    """A file in the archive: where it lies, what it is about, and what was counted while it was written."""

    path: str
    about: Sequence[Part] = ()
    rows: int | None = None
    bytes: int = 0
    sha256: str = ""


class Table(Protocol):
    """What the index shows of one table."""

    @property
    def part(self) -> Part: ...
    @property
    def count(self) -> int: ...
    @property
    def rows(self) -> Sequence[Any]: ...


def manifest(order: Order, members: Sequence[Member], gone: Sequence[LeftOut]) -> bytes:
    """Everything in the archive but this file itself, with checksums; and what is left out, and why."""
    subject = {"customer_id": str(order.customer_id)}
    subject |= {} if order.is_of_customer else {"user_id": str(order.user_id)}
    document = {
        "schema_version": SCHEMA_VERSION,
        "export_id": str(order.export_id),
        "requested_at": order.requested_at.isoformat(),
        "created_at": order.made_at.isoformat(),
        "scope": order.scope.value,
        "subject": subject,
        "categories": [category.value for category in order.categories],
        "files": [_described(member) for member in members],
        "left_out": [{"what": _in_both(*out.what), "why": _in_both(out.why)} for out in gone],
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def _described(member: Member) -> dict[str, Any]:
    fields = [field for part in member.about for field in part.fields]
    keeps = {str(field.keep.words): field.keep.words for field in fields}
    return {
        "path": member.path,
        "rows": member.rows,
        "bytes": member.bytes,
        "sha256": member.sha256,
        "category": member.about[0].category.value if member.about else None,
        "purpose": sorted({field.said.purpose.value for field in fields}),
        "source": sorted({field.said.source.value for field in fields}),
        "keep_until": [_in_both(words) for words in keeps.values()],
    }


def _in_both(*words: Any) -> dict[str, str]:
    spoken = {}
    for locale in LOCALES:
        with force_locale(locale):
            spoken[locale] = " · ".join(str(word) for word in words)
    return spoken


def index(order: Order, tables: Sequence[Table], members: Sequence[Member], gone: Sequence[LeftOut]) -> bytes:
    """One page to open by a double click: each item with purpose, source, keep-until; in both languages."""
    style = _rendered("style.css")
    languages = sorted(LOCALES, key=lambda locale: locale != order.locale)
    page = _rendered(
        "document.html",
        languages=languages,
        language_names=LANGUAGE_NAMES,
        bodies={locale: _body(locale, order, tables, members, gone) for locale in languages},
        style=Markup(f"<style>{style}</style>"),  # inline: a page opened from a disk has no 'self' to name
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return page.encode()


def _body(
    locale: str, order: Order, tables: Sequence[Table], members: Sequence[Member], gone: Sequence[LeftOut]
) -> Markup:
    with force_locale(locale):
        body = _rendered(
            "body.html",
            locale=locale,
            order=order,
            scope=SCOPE_WORDS[order.scope],
            categories=_by_category(tables),
            words={"category": CATEGORY_WORDS, "purpose": PURPOSE_WORDS, "source": SOURCE_WORDS},
            members=members,
            gone=[(" · ".join(str(word) for word in out.what), out.why) for out in gone],
            shown=shown,
            support_email=current_app.extensions["settings"].support_email,
        )
    return Markup(body)  # escaped already, as every .html template


def _rendered(name: str, **context: Any) -> str:
    """Not Flask's render_template: it adds what belongs to a page and its visitor, and here is neither."""
    return current_app.jinja_env.get_template(f"exports/archive/{name}").render(**context)


def _by_category(tables: Sequence[Table]) -> dict[Any, list[Table]]:
    sorted_out: dict[Any, list[Table]] = {}
    for one in tables:
        sorted_out.setdefault(one.part.category, []).append(one)
    return sorted_out


def shown(value: Any, said: Held) -> str:
    """A value as the reader's language writes it, cut where it is very long."""
    text = readable(value, said.words)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
