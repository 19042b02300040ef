"""Digests: keyed ones for what must be found again without being kept, plain ones for random secrets."""

import hashlib
import hmac
import secrets

from flask import current_app


def keyed(purpose: str, text: str) -> str:
    """A keyed hash (HMAC-SHA256 under HASH_KEY) of `text`, bound to `purpose`; 64 hex digits.

    Without the key nobody can test a guess, so it may outlive the text (DECISIONS 13).
    """
    key = current_app.extensions["settings"].hash_key.encode()
    return hmac.digest(key, f"{purpose}\0{text}".encode(), "sha256").hex()  # in one call: letters ask it by the million


def of_secret(secret: str) -> str:
    """SHA-256 of a secret that is random by itself (256 bits), so that the database never holds the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits, safe in a URL and a cookie."""
    return secrets.token_urlsafe(32)
