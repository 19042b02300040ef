"""The web's manners, once: 303 after success, 422 for mistakes, headers that close what is not needed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self), payment=(), usb=()",
}


def close_what_is_not_needed(response: Response) -> Response:
    """After every request: security headers, and no copy of a page kept anywhere (ASVS 5.0 V3.4, V14.2)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    if current_app.extensions["settings"].is_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    return response


def page(template: str, *, form: FlaskForm | None = None, status: int = 200, **context: Any) -> Response:
    """A page; with a form that has mistakes it answers 422 and keeps what was typed."""
    if form is not None:
        context["form"] = form
        status = 422 if form.errors and status == 200 else status
    return make_response(render_template(template, **context), status)


def see_other(endpoint: str, **values: Any) -> Response:
    """303 to the page that says what happened (RFC 9110, 15.4.4)."""
    return make_response(redirect(url_for(endpoint, **values), 303))


def absolute_url(endpoint: str, **values: Any) -> str:
    """A link for a letter or another system: BASE_URL is its only source, never the request's Host."""
    base: str = current_app.extensions["settings"].base_url
    path = current_app.url_map.bind(urlsplit(base).netloc).build(endpoint, values)
    return base + path


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None (open redirects: reliability of `next`)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(c) < 33 or c == "\\" for c in target) or len(target) > 500:
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def wants_json() -> bool:
    """Whether the client asks for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


@dataclass(frozen=True)
class Visitor:
    """What a browser says of itself (clause 3.3)."""

    ip: str
    user_agent: str


def visitor() -> Visitor:
    """Who is asking, as far as the network tells (behind TRUSTED_PROXIES proxies)."""
    return Visitor(request.remote_addr or "", request.headers.get("User-Agent", "")[:500])
