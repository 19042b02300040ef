"""Small secrets that must be readable again (a second step's shared secret), sealed under STORAGE_KEY.

AES-256-GCM with a key derived per purpose (HKDF-SHA256, RFC 5869). The place where a secret lies is bound to it, so
that a sealed value copied into another row does not open.
"""

import base64
import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

VERSION = b"\x01"
NONCE_BYTES = 12


class DoesNotOpen(Exception):
    """Sealed under another STORAGE_KEY, for another place, or changed since."""


def seal(purpose: str, place: str, secret: bytes) -> str:
    """`secret` as text for a column; only the same `purpose` and `place` open it again."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(purpose, _storage_keys()[0])).encrypt(nonce, secret, VERSION + place.encode())
    return base64.urlsafe_b64encode(VERSION + nonce + sealed).decode()


def unseal(purpose: str, place: str, text: str) -> bytes:
    """The secret again. Raises DoesNotOpen."""
    raw = base64.urlsafe_b64decode(text)
    nonce, sealed = raw[1 : 1 + NONCE_BYTES], raw[1 + NONCE_BYTES :]
    for secret in _storage_keys():
        with suppress(InvalidTag):
            return AESGCM(_key(purpose, secret)).decrypt(nonce, sealed, raw[:1] + place.encode())
    raise DoesNotOpen(purpose)


def resealed(purpose: str, place: str, text: str) -> str:
    """The same secret sealed under the present STORAGE_KEY. Raises DoesNotOpen."""
    return seal(purpose, place, unseal(purpose, place, text))


def _storage_keys() -> list[str]:
    """The present STORAGE_KEY, and the one before while it is being replaced."""
    settings = current_app.extensions["settings"]
    return [key for key in (settings.storage_key, settings.storage_key_before) if key]


def _key(purpose: str, secret: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"portal sealing {purpose}".encode()).derive(secret.encode())
