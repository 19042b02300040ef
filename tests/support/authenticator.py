"""An authenticator in software: real keys, real attestations ("none") and assertions, and each byte can be made wrong.

It does what CTAP 2.1 and WebAuthn Level 3 (6.1, 6.5) say, and what a browser adds: the client data. It refuses nothing
that it is told to forge: `origin`, `rp_id`, `kind`, `flags`, `challenge`, `count`, `handle` and `sign` are the test's.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
ES256, EDDSA, RS256 = -7, -8, -257
ORIGIN, RP_ID = "http://localhost:8000", "localhost"
NO_AAGUID = bytes(16)
Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


@dataclass
class Credential:
    """One passkey, the private half included."""

    private: Private
    handle: bytes
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(data)

    def cose(self) -> dict[int, Any]:
        """The public key as authenticators write it (RFC 9053)."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        if isinstance(public, rsa.RSAPublicKey):
            number = public.public_numbers()
            return {1: 3, 3: RS256, -1: number.n.to_bytes(256, "big"), -2: number.e.to_bytes(3, "big")}
        return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()}


def new_private(algorithm: int = ES256) -> Private:
    if algorithm == RS256:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ed25519.Ed25519PrivateKey.generate() if algorithm == EDDSA else ec.generate_private_key(ec.SECP256R1())


class Authenticator:
    """A telephone: it makes passkeys and answers with the newest one, counting up unless it is `synced`."""

    def __init__(self, *, synced: bool = False, algorithm: int = ES256) -> None:
        self.kept: list[Credential] = []
        self.synced, self.algorithm = synced, algorithm

    @property
    def flags(self) -> int:
        return PRESENT | VERIFIED | (ELIGIBLE | BACKED_UP if self.synced else 0)

    def make(self, options: dict[str, Any], *, credential: Credential | None = None, **wrong: Any) -> dict[str, Any]:
        """What `navigator.credentials.create(…)` gives, as JSON. `wrong`: see `_parts`; `cose`, `statement`, `raw`."""
        made = credential or Credential(new_private(self.algorithm), unb64(options["user"]["id"]))
        self.kept.append(made)
        public = wrong.pop("cose", None) or made.cose()
        statement = wrong.pop("statement", {"fmt": "none", "attStmt": {}})
        raw = wrong.pop("raw", None)
        client_data, head = self._parts(made, options, wrong, kind="webauthn.create", more_flags=ATTESTED)
        attested = NO_AAGUID + len(made.id).to_bytes(2, "big") + made.id + cbor2.dumps(public)
        whole = raw or cbor2.dumps({**statement, "authData": head + attested})
        response = {"clientDataJSON": b64(client_data), "attestationObject": b64(whole), "transports": ["internal"]}
        return self._credential(made, response)

    def answer(self, options: dict[str, Any], *, credential: Credential | None = None, **wrong: Any) -> dict[str, Any]:
        """What `navigator.credentials.get(…)` gives, as JSON. `wrong`: see `_parts`; `handle`, `sign`, `data`."""
        used = credential or self.kept[-1]
        if not self.synced:
            used.count += 1
        handle, sign = wrong.pop("handle", used.handle), wrong.pop("sign", used.sign)
        data = wrong.pop("data", None)
        client_data, head = self._parts(used, options, wrong, kind="webauthn.get")
        signed = data if data is not None else head
        response = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(signed),
            "signature": b64(sign(signed + hashlib.sha256(client_data).digest())),
        }
        if handle is not None:
            response["userHandle"] = b64(handle)
        return self._credential(used, response)

    def _parts(
        self, credential: Credential, options: dict[str, Any], wrong: dict[str, Any], *, kind: str, more_flags: int = 0
    ) -> tuple[bytes, bytes]:
        """The client data and the authenticator data. `wrong` may hold any of the names used here."""
        said = {
            "type": wrong.pop("kind", kind),
            "challenge": wrong.pop("challenge", options["challenge"]),
            "origin": wrong.pop("origin", ORIGIN),
            "crossOrigin": wrong.pop("cross_origin", False),
        }
        client_data = wrong.pop("client_data", None) or json.dumps(said).encode()
        flags = wrong.pop("flags", self.flags) | more_flags
        count = wrong.pop("count", credential.count)
        rp_id = wrong.pop("rp_id", RP_ID)
        assert not wrong, f"nothing is forged by {sorted(wrong)}"
        return client_data, hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _credential(self, credential: Credential, response: dict[str, Any]) -> dict[str, Any]:
        name = b64(credential.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": response,
        }
