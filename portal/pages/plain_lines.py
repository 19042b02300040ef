"""Which settings would send people's data to another machine in the clear, or to whoever answers (ASVS 5.0, 12.3)."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

from portal.config import Settings, is_loopback

VERIFIED = ("verify-full", "verify-ca")
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def in_the_clear(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """What to set instead, one line for each connection off this machine without a verified TLS."""
    if _leaves(settings.smtp_url, "smtp") and "1" not in _options(settings.smtp_url).get("starttls", []):
        yield "PORTAL_SMTP_URL sends in the clear: add ?starttls=1, or use smtps://."
    if _leaves(settings.queue_url, "redis"):
        yield "PORTAL_QUEUE_URL speaks in the clear: use rediss://."
    for name, url in (("PORTAL_DATABASE_URL", settings.database_url), ("PORTAL_QUEUE_URL", settings.queue_url)):
        if _leaves(url, "postgresql", "postgresql+psycopg") and not _is_verified(url):
            yield f"{name} trusts whoever answers: add ?sslmode=verify-full."
    if any(place.startswith("s3://") for place in (settings.storage_url, settings.ledger_url)):
        yield from (
            f"{name} speaks in the clear: use https." for name in ENDPOINTS if _leaves(environ.get(name), "http")
        )


def _leaves(url: str | None, *schemes: str) -> bool:
    parts = urlsplit(url or "")
    host = parts.hostname or _options(url or "").get("host", [""])[0]
    return parts.scheme in schemes and bool(host) and not host.startswith("/") and not is_loopback(host)


def _is_verified(url: str) -> bool:
    return _options(url).get("sslmode", [""])[0] in VERIFIED


def _options(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
