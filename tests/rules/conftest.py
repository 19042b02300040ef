import base64

import pytest


@pytest.fixture
def production() -> dict[str, str]:
    """The settings without which production does not start."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    return {
        "PORTAL_ENV": "production",
        "PORTAL_BASE_URL": "https://portal.example.com",
        "PORTAL_SMTP_URL": "smtp://127.0.0.1:2525",
        "PORTAL_SECRET_KEY": key,
        "PORTAL_STORAGE_KEY": key,
        "PORTAL_HASH_KEY": key,
        "PORTAL_RECEIPT_KEY": key,
    }
