"""Settings: the PORTAL_… environment, read once, checked at the start, never guessed."""

import ipaddress
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "PORTAL_"
SECRETS = ("SECRET_KEY", "STORAGE_KEY", "HASH_KEY", "RECEIPT_KEY")
TOGETHER = (("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"), ("FACEBOOK_CLIENT_ID", "FACEBOOK_CLIENT_SECRET"))
OF_PROVIDERS = ("GOOGLE_DISCOVERY_URL", "FACEBOOK_AUTHORIZE_URL", "FACEBOOK_GRAPH_URL")
MUST_BE_SET_IN_PRODUCTION = (*SECRETS, "BASE_URL", "SMTP_URL")


class SettingsError(Exception):
    """A setting is unknown, malformed or missing; the text names it, and never its value when it is secret."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an administrator can set (docs/contract.md, Settings), with its default."""

    env: str = "development"
    secret_key: str = ""
    base_url: str = "http://localhost:8000"
    instance_path: Path = Path("instance")
    ledger_url: str = ""
    receipt_key: str = ""
    hash_key: str = ""
    clock_offset: float = 0
    clamd_url: str = ""
    database_url: str = ""
    queue_url: str = ""
    storage_url: str = ""
    storage_key: str = ""
    storage_key_before: str = ""
    smtp_url: str = ""
    sms_url: str = ""
    mail_from: str = "Smartos <no-reply@smartos.space>"
    support_email: str = "support@smartos.space"
    dpo_name: str = ""
    default_locale: str = "vi"
    timezone: str = "Asia/Ho_Chi_Minh"
    retention_days: int = 30
    google_client_id: str = ""
    google_client_secret: str = ""
    google_discovery_url: str = "https://accounts.google.com/.well-known/openid-configuration"
    facebook_client_id: str = ""
    facebook_client_secret: str = ""
    facebook_authorize_url: str = "https://www.facebook.com/v23.0/dialog/oauth"
    facebook_graph_url: str = "https://graph.facebook.com/v23.0"
    trusted_proxies: int = 0

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


NAMES = {field.name.upper() for field in fields(Settings)}


def load(environ: Mapping[str, str], *, root: Path, make_secret: Callable[[Path, str], str]) -> Settings:
    """Settings from `environ`; `root` is the project's folder, against which instance/ is found.

    In development `make_secret` gives what is not set, once and for all, in instance/secrets/ (DECISIONS 16).

    Raises SettingsError with one line that names the first thing wrong.
    """
    given = _given(environ)
    values = {name.lower(): _parsed(name, text) for name, text in given.items()}
    values["instance_path"] = (root / values.get("instance_path", Path("instance"))).resolve()
    settings = Settings(**values)
    _check(settings, given)
    return settings if settings.is_production else _with_made_secrets(settings, make_secret)


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX)
        from_file = name.removesuffix("_FILE")
        if name in NAMES:
            given[name] = text
        elif from_file in NAMES and from_file != name:
            given[from_file] = _read_secret(variable, text)
        else:
            raise SettingsError(f"{variable} is not a setting of the portal (see .env.example).")
    return given


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable} names a file that cannot be read: {error.strerror}.") from error


def _parsed(name: str, text: str) -> Any:
    check = CHECKS.get(name, str)
    try:
        return check(text.strip())
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name}: {error}") from error


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}.")
        return text

    return check


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("must be a number of seconds.") from None


def _count(text: str) -> int:
    if not text.isdigit():
        raise ValueError("must be a whole number, 0 or more.")
    return int(text)


def _retention(text: str) -> int:
    days = _count(text)
    if not 1 <= days <= 30:
        raise ValueError("must be 1 to 30 days, since the policy says at most 30 (clause 8.2).")
    return days


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://portal.example.com.")
    return text.rstrip("/")


def _url_of(*schemes: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        scheme = text.partition("://")[0]
        if scheme not in schemes or "://" not in text:
            raise ValueError(f"must start with {' or '.join(s + '://' for s in schemes)}.")
        return text

    return check


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a time zone such as Asia/Ho_Chi_Minh.") from None
    return text


CHECKS: dict[str, Callable[[str], Any]] = {
    "ENV": _one_of("development", "production"),
    "BASE_URL": _web_address,
    "INSTANCE_PATH": Path,
    "LEDGER_URL": _url_of("file", "s3"),
    "CLOCK_OFFSET": _number,
    "DATABASE_URL": _url_of("sqlite", "postgresql+psycopg"),
    "QUEUE_URL": _url_of("sqlite", "redis", "rediss", "postgresql"),
    "STORAGE_URL": _url_of("file", "s3"),
    "SMTP_URL": _url_of("smtp", "smtps"),
    "DEFAULT_LOCALE": _one_of("vi", "en"),
    "TIMEZONE": _zone,
    "RETENTION_DAYS": _retention,
    "TRUSTED_PROXIES": _count,
    **dict.fromkeys(OF_PROVIDERS, _web_address),
}


def _check(settings: Settings, given: Mapping[str, str]) -> None:
    for names in TOGETHER:
        if len([name for name in names if given.get(name)]) == 1:
            raise SettingsError(f"{' and '.join(PREFIX + name for name in names)} are set together, or not at all.")
    if settings.is_production:
        _check_production(settings, given)
    elif not is_loopback(urlsplit(settings.base_url).hostname or ""):
        raise SettingsError(
            "PORTAL_BASE_URL must be loopback in development; set PORTAL_ENV=production to serve others."
        )


def _check_production(settings: Settings, given: Mapping[str, str]) -> None:
    missing = [PREFIX + name for name in MUST_BE_SET_IN_PRODUCTION if not given.get(name)]
    if missing:
        raise SettingsError(f"Production does not start without {', '.join(missing)}.")
    if not settings.is_https:
        raise SettingsError("PORTAL_BASE_URL must be https in production.")
    plain = [PREFIX + name for name in OF_PROVIDERS if not getattr(settings, name.lower()).startswith("https://")]
    if plain:
        raise SettingsError(f"{', '.join(plain)} must be https in production.")
    if settings.clock_offset:
        raise SettingsError("PORTAL_CLOCK_OFFSET is for development only.")


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address) can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _with_made_secrets(settings: Settings, make_secret: Callable[[Path, str], str]) -> Settings:
    folder = settings.instance_path / "secrets"
    missing = [name for name in SECRETS if not getattr(settings, name.lower())]
    made: dict[str, Any] = {name.lower(): make_secret(folder, name) for name in missing}
    return replace(settings, **made)
