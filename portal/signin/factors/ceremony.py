"""WebAuthn as the portal speaks it: what a browser is asked, and whether its answer is true (W3C, Level 3, section 7).

A challenge is 256 random bits, good for five minutes, once, in the browser that asked, and for one purpose. The
person is always verified by their device; attestation is not asked for (docs/decisions/0016-passkeys.md).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from portal.accounts.models import User
from portal.core import hashes
from portal.signin import handshakes
from portal.signin.factors.models import Passkey
from portal.signin.models import HandshakeKind

MINUTES = 5
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
LONGEST_ANSWER = 64_000  # characters of JSON; an attestation with a chain of certificates takes about 10,000
LONGEST_ID = 1023  # bytes (WebAuthn, 7.1)
LONGEST_KEY = 2000  # bytes; an RSA key of 4096 bits takes 530
TRANSPORTS = {transport.value: transport for transport in AuthenticatorTransport}


class Purpose(StrEnum):
    """What a challenge was given for; an answer to one is useless for another."""

    SIGN_IN = "sign-in"
    PROVE = "prove"
    ADD = "add"


class Trouble(StrEnum):
    """Why an answer was refused."""

    LATE = "late"  # no such challenge in this browser: used, expired, another purpose, another person
    FORGED = "forged"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"
    COPIED = "copied"
    TAKEN = "taken"
    TOO_MANY = "too-many"


class Refused(Exception):
    """The browser's answer is not taken; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True)
class Site:
    """This portal as authenticators know it."""

    rp_id: str
    origin: str


def site() -> Site:
    """The host name and the origin of BASE_URL, as a browser spells them."""
    parts = urlsplit(current_app.extensions["settings"].base_url)
    host = (parts.hostname or "").encode("idna").decode()
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    return Site(host, f"{parts.scheme}://{host}{port}")


def handle(user: User) -> bytes:
    """What an authenticator calls this person: always the same 32 bytes, and nothing can be read off them."""
    return bytes.fromhex(hashes.keyed("passkey-user", str(user.id)))


def ask_for_new(user: User, known: Sequence[Passkey]) -> dict[str, Any]:
    """What `navigator.credentials.create` is given; an authenticator that holds one of `known` makes no second."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=site().rp_id,
            rp_name="Smartos",
            user_id=handle(user),
            user_name=user.email,
            user_display_name=user.full_name,
            challenge=_challenge(Purpose.ADD, user),
            timeout=MINUTES * 60_000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_described(known),
            supported_pub_key_algs=ALGORITHMS,
        )
    )


def ask_for_known(purpose: Purpose, *, user: User | None = None, known: Sequence[Passkey] = ()) -> dict[str, Any]:
    """What `navigator.credentials.get` is given: any passkey of this site, or one of `known`."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=site().rp_id,
            challenge=_challenge(purpose, user),
            timeout=MINUTES * 60_000,
            allow_credentials=_described(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def judge_new(answer: str, user: User) -> tuple[VerifiedRegistration, list[str]]:
    """A new passkey and its transports. Raises Refused; the challenge is used up either way."""
    with _forged_when_broken():
        credential = parse_registration_credential_json(_bounded(answer))
    challenge = _take_challenge(credential, Purpose.ADD, user)
    with _forged_when_broken():
        new = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site().rp_id,
            expected_origin=site().origin,
            supported_pub_key_algs=ALGORITHMS,
        )
        decoded_public_key_to_cryptography(decode_credential_public_key(new.credential_public_key))
    if len(new.credential_id) > LONGEST_ID or len(new.credential_public_key) > LONGEST_KEY:
        raise Refused(Trouble.FORGED)
    if new.credential_id != credential.raw_id:
        raise Refused(Trouble.FORGED)
    if not new.user_verified:
        raise Refused(Trouble.UNVERIFIED)
    return new, sorted({transport.value for transport in credential.response.transports or ()})


def read_known(answer: str, purpose: Purpose, user: User | None) -> tuple[AuthenticationCredential, bytes]:
    """What the browser sent, and the challenge it answers, now used up. Raises Refused."""
    with _forged_when_broken():
        credential = parse_authentication_credential_json(_bounded(answer))
    return credential, _take_challenge(credential, purpose, user)


def judge_known(credential: AuthenticationCredential, challenge: bytes, passkey: Passkey) -> VerifiedAuthentication:
    """The proof that whoever answers holds this passkey and was verified by their device. Raises Refused.

    The counter is judged last: the library would do it before the signature, and so call a forgery a copy.
    """
    with _forged_when_broken():
        proof = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site().rp_id,
            expected_origin=site().origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
        )
    if not proof.user_verified:
        raise Refused(Trouble.UNVERIFIED)
    if passkey.sign_count and proof.new_sign_count <= passkey.sign_count:
        raise Refused(Trouble.COPIED)
    return proof


def _challenge(purpose: Purpose, user: User | None) -> bytes:
    secret = hashes.new_secret()
    data = {"user": user.id.hex} if user else {}
    handshakes.begin(HandshakeKind.PASSKEY, minutes=MINUTES, data=data, key=_key(purpose, secret), user=user)
    return base64url_to_bytes(secret)


def _key(purpose: Purpose, secret: str) -> str:
    """The challenge is part of the key, so that two tabs of one browser do not take each other's away."""
    return f"{purpose}:{secret}"


def _take_challenge(
    credential: RegistrationCredential | AuthenticationCredential, purpose: Purpose, user: User | None
) -> bytes:
    with _forged_when_broken():
        said = parse_client_data_json(credential.response.client_data_json)
        secret = bytes_to_base64url(said.challenge)
    data = handshakes.take(HandshakeKind.PASSKEY, _key(purpose, secret))
    if data is None or data.get("user") != (user.id.hex if user else None):
        raise Refused(Trouble.LATE)
    if said.cross_origin:
        raise Refused(Trouble.FORGED)
    return said.challenge


def _bounded(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise Refused(Trouble.FORGED)
    return answer


@contextmanager
def _forged_when_broken() -> Iterator[None]:
    """Whatever the library stumbles over in a stranger's bytes is the stranger's fault: Refused, never a 5xx."""
    try:
        yield
    except Exception as error:
        raise Refused(Trouble.FORGED) from error


def _described(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[TRANSPORTS[name] for name in passkey.transports if name in TRANSPORTS] or None,
        )
        for passkey in known
    ]
