"""The key that signs the ledger and receipts."""

import base64
import hashlib

import pytest

from portal.erasure.signer import Signer, public_key
from portal.storage.keys import BadKey
from tests.erasure.conftest import SEED


def test_a_signer_comes_back_from_its_setting():
    signer = Signer.generate()

    again = Signer.from_text(signer.to_text())

    assert again.public_jwk() == signer.public_jwk()
    assert again.sign(b"x") == signer.sign(b"x")
    assert Signer.from_text(base64.b64encode(bytes([255] * 32)).decode()).key_id


def test_a_signers_name_is_the_start_of_its_public_keys_hash():
    jwk = Signer(SEED).public_jwk()

    raw = base64.urlsafe_b64decode(jwk["x"] + "=")
    assert jwk["kid"] == hashlib.sha256(raw).hexdigest()[:16]
    assert (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")


def test_a_receipt_key_that_is_none_is_refused_by_name():
    with pytest.raises(BadKey, match="RECEIPT_KEY"):
        Signer.from_text("secret")


@pytest.mark.parametrize("changed", [{"crv": "X25519"}, {"kid": "0" * 16}])
def test_a_foreign_public_key_is_refused(changed):
    with pytest.raises(ValueError):
        public_key({**Signer(SEED).public_jwk(), **changed})
