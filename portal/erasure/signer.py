"""Who vouches for the ledger and for receipts: an Ed25519 key (RFC 8032) from RECEIPT_KEY."""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.storage.keys import KEY_BYTES, parse_key


class Signer:
    """Signs under one RECEIPT_KEY; `key_id` is 16 hexadecimal digits of its public half's SHA-256."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes_raw()
        self.key_id = _key_id(self._public)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From the setting RECEIPT_KEY: a 32-byte seed in base64 or base64url. Raises BadKey."""
        return cls(parse_key(text.replace("+", "-").replace("/", "_"), name="RECEIPT_KEY"))

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(os.urandom(KEY_BYTES))

    def to_text(self) -> str:
        """The seed as RECEIPT_KEY holds it. Secret."""
        return _base64url(self._seed)

    def sign(self, data: bytes) -> str:
        """The signature over `data`, 64 bytes in base64."""
        return base64.b64encode(self._private.sign(data)).decode("ascii")

    def public_jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 8037, 2), for anyone who wants to verify."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(self._public),
            "kid": self.key_id,
            "use": "sig",
            "alg": "EdDSA",
        }


def public_key(jwk: Mapping[str, str]) -> Ed25519PublicKey:
    """The key in a JSON Web Key. Raises ValueError for another kind, or one whose `kid` is not its own."""
    raw = parse_key(jwk["x"], name="x")
    if jwk.get("crv") != "Ed25519" or jwk.get("kid") != _key_id(raw):
        raise ValueError("not an Ed25519 key of the portal")
    return Ed25519PublicKey.from_public_bytes(raw)


def verifies(key: Ed25519PublicKey, signature: str, data: bytes) -> bool:
    """Whether `signature` (base64) over `data` was made with the private half of `key`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
