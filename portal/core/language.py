"""Which language a page speaks: the person's, else the cookie's, else the browser's, else the default (DECISIONS 5)."""

from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers
from babel.numbers import format_decimal
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, format_date, format_datetime, get_locale
from flask_login import current_user

LOCALES = ("vi", "en")
LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}
MOMENTS = {"vi": "HH:mm, dd/MM/yyyy", "en": "d MMM yyyy, HH:mm"}


def connect(app: Flask) -> None:
    """Give the app its two languages, and templates the filters that write as each language does."""
    settings = app.extensions["settings"]
    app.config["BABEL_DEFAULT_LOCALE"] = settings.default_locale
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.timezone
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"{app.root_path}/translations"
    Babel(app, locale_selector=chosen)
    app.jinja_env.filters |= {"day": day, "moment": moment, "number": number, "datasize": datasize, "phone": phone}
    app.context_processor(lambda: {"locale": str(get_locale() or settings.default_locale)})


def chosen() -> str:
    """The language of this request."""
    default: str = current_app.extensions["settings"].default_locale
    if not has_request_context():
        return default
    if "locale" in g:
        return str(g.locale)
    if current_user and current_user.is_authenticated and current_user.locale in LOCALES:
        return str(current_user.locale)
    return of_cookie() or request.accept_languages.best_match(LOCALES) or default


def cookie_name() -> str:
    """The cookie of a chosen language; over https it belongs to this host alone (ASVS 5.0, 3.3.3)."""
    return "__Host-locale" if current_app.extensions["settings"].is_https else "locale"


def of_cookie() -> str | None:
    """The language that was chosen in this browser, if one was."""
    found = request.cookies.get(cookie_name())
    return found if found in LOCALES else None


def remember(response: Response, locale: str, *, lives: timedelta | None) -> None:
    """Keep a chosen language in this browser, until it is closed or for as long as its person allows (clause 5.1)."""
    is_https = current_app.extensions["settings"].is_https
    response.set_cookie(cookie_name(), locale, max_age=lives, httponly=True, samesite="Lax", secure=is_https, path="/")


def day(value: date | None) -> str:
    """A day as the reader's language writes it."""
    return format_date(value, "long") if value else ""


def moment(value: datetime | None) -> str:
    """A day and time in the portal's time zone."""
    return format_datetime(value, MOMENTS[str(get_locale())]) if value else ""


def number(value: Any) -> str:
    """A number with the language's own separators."""
    return format_decimal(value, locale=get_locale())


def datasize(size: int | None) -> str:
    """An amount of bytes for people: 1.4 MB."""
    amount = float(size or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    digits = "#,##0" if unit == "B" else "#,##0.#"
    return f"{format_decimal(amount, format=digits, locale=get_locale())} {unit}"


def phone(value: str) -> str:
    """A number kept in E.164 as people write it."""
    if not value:
        return ""
    return phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
