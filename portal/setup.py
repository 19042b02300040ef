"""Plumbing of the app that knows no room: Flask's own settings, the database, extensions, what frames a request."""

from typing import Any

from flask import Flask, request
from jinja2 import StrictUndefined
from sqlalchemy import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import logs
from portal.config import Settings
from portal.core import access, language, mistakes, throttle, web
from portal.core.contact import contact_point
from portal.core.database import begin_by_method, db, prepare_sqlite
from portal.extensions import csrf, login, migrate

MEGABYTE = 1_000_000


def configure(app: Flask, settings: Settings) -> None:
    """Flask's settings: a session cookie that ends with the browser, bounded bodies, undefined names as errors."""
    logs.follow_requests(app)
    app.debug = app.debug and not settings.is_production  # whatever FLASK_DEBUG says
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-sid" if settings.is_https else "sid",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=2 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=1 * MEGABYTE,
        MAX_FORM_PARTS=200,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,
        SQLALCHEMY_DATABASE_URI=_database_url(settings),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]


def _database_url(settings: Settings) -> Any:
    if settings.database_url:
        return make_url(settings.database_url)
    settings.instance_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{settings.instance_path / 'portal.sqlite3'}"


def connect_extensions(app: Flask) -> None:
    """The extensions that no room owns."""
    db.init_app(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True)
    login.init_app(app)
    login.session_protection = None
    csrf.init_app(app)
    language.connect(app)
    mistakes.connect(app)
    throttle.connect(app, app.extensions["settings"])
    with app.app_context():
        prepare_sqlite(db.engine)


def connect_requests(app: Flask, settings: Settings) -> None:
    """What happens around every request: read or write, who may, which headers."""

    @app.before_request
    def frame() -> Any:
        begin_by_method(request.method in ("GET", "HEAD", "OPTIONS"))
        return access.guard()

    app.after_request(web.close_what_is_not_needed)
    app.context_processor(contact_point)
    app.context_processor(lambda: {"is_development": not settings.is_production})
