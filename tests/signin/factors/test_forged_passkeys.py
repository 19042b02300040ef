"""Bad input to passkeys: forged, replayed, expired, foreign. A clear page, an entry in the audit, nothing half-made."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import cbor2
import pytest

from tests.support.authenticator import (
    ATTESTED,
    ES256,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    Credential,
    b64,
    new_private,
)
from tests.support.browse import Browse
from tests.support.passkeys import ADD, PROVE, SIGN_IN, acts, add, is_in, kept, options_of, send, sign_in, words

FORGED = {
    "another origin": {"origin": "https://localhost:8000"},
    "another port": {"origin": "http://localhost:8001"},
    "a look-alike": {"origin": "http://localhost:8000.evil.example"},
    "another site's passkey": {"rp_id": "evil.example"},
    "inside a foreign page": {"cross_origin": True},
    "nobody there": {"flags": VERIFIED},
    "backed up but not eligible": {"flags": PRESENT | VERIFIED | 0x10},
    "client data that is no JSON": {"client_data": b"{"},
    "client data that is a list": {"client_data": b"[]"},
    "client data of other types": {"kind": 7, "origin": {}},
    "client data in no encoding": {"client_data": b"\xff\xfe\xfd"},
}


def test_a_forged_answer_does_not_sign_in(app, alice, alices_phone):
    stranger = Browse(app)

    for name, wrong in {**FORGED, "of another ceremony": {"kind": "webauthn.create"}}.items():
        reply = sign_in(stranger, alices_phone, **wrong)
        assert reply.status_code == 422, name
        assert "does not fit together" in words(reply), name
        assert acts(app)[-1] == "passkey.refused-forged", name

    assert not is_in(stranger)
    assert kept(app)[0].used_at is None


def test_a_forged_attestation_adds_nothing(app, alice, browse_as, phone):
    browse = browse_as(alice)

    for name, wrong in {**FORGED, "of another ceremony": {"kind": "webauthn.get"}}.items():
        reply = add(browse, phone, **wrong)
        assert reply.status_code == 422, name
        assert "does not fit together" in words(reply), name
        assert acts(app)[-1] == "passkey.refused-forged", name

    assert kept(app) == []


COSE = Credential(new_private(), b"").cose()


BROKEN = {
    "ES384": {"cose": {**COSE, 3: -35}},
    "RS1, which is SHA-1": {"cose": {**COSE, 3: -65535}},
    "a point off the curve": {"cose": {**COSE, -2: b"\x01" * 32}},
    "a number for a point": {"cose": {**COSE, -2: 7}},
    "an unknown curve": {"cose": {**COSE, -1: 99}},
    "a key of 40,000 bits": {"cose": {1: 3, 3: RS256, -1: b"\xff" * 5000, -2: b"\x01\x00\x01"}},
    "a list for a key": {"cose": [1, 2, 3]},
    "an empty key": {"cose": {1: 2}},
    "a word for a key": {"cose": "key"},
    "no CBOR": {"raw": b"\xff"},
    "CBOR too deep": {"raw": b"\x9f" * 20_000},
    "a string of 2^64 bytes": {"raw": b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"},
    "no authenticator data": {"raw": cbor2.dumps({"fmt": "none", "attStmt": {}})},
    "text for authenticator data": {"raw": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"})},
    "no key in it": {"raw": cbor2.dumps({"fmt": 7, "attStmt": 7, "authData": b"\x00" * 37})},
    "a statement where none belongs": {"statement": {"fmt": "none", "attStmt": {"sig": b"x"}}},
    "a broken signature": {"statement": {"fmt": "packed", "attStmt": {"alg": ES256, "sig": b"x"}}},
    "half a TPM": {"statement": {"fmt": "tpm", "attStmt": {"ver": "2.0"}}},
    "an unknown format": {"statement": {"fmt": "of our own", "attStmt": {}}},
    "extensions that are not there": {"flags": PRESENT | VERIFIED | 0x80},
}


def test_an_attestation_with_one_thing_wrong_adds_nothing_and_breaks_nothing(app, alice, browse_as, phone):
    browse = browse_as(alice)

    for name, wrong in BROKEN.items():
        assert add(browse, phone, **wrong).status_code == 422, name
        assert acts(app)[-1] == "passkey.refused-forged", name

    assert kept(app) == []


def test_an_attestation_that_names_another_credential_than_it_holds_adds_nothing(app, alice, browse_as, phone):
    browse = browse_as(alice)
    sent = phone.make(options_of(browse, ADD))
    sent["id"] = sent["rawId"] = b64(b"another name")

    assert send(browse, ADD, sent).status_code == 422
    assert kept(app) == []


TWISTED = {
    "nothing": {"data": b""},
    "a byte too few": {"data": b"\x00" * 36},
    "all zeros": {"data": b"\x00" * 37},
    "all ones": {"data": b"\xff" * 300},
    "says that a key follows": {"flags": PRESENT | VERIFIED | ATTESTED},
    "no signature": {"sign": lambda data: b""},
    "a signature of zeros": {"sign": lambda data: b"\x30\x06\x02\x01\x00\x02\x01\x00"},
    "signed by another key": {"sign": Credential(new_private(), b"").sign},
    "signed by a key of another kind": {"sign": Credential(new_private(RS256), b"").sign},
}


def test_an_answer_with_one_thing_wrong_signs_nobody_in_and_breaks_nothing(app, alices_phone):
    stranger = Browse(app)

    for name, wrong in TWISTED.items():
        assert sign_in(stranger, alices_phone, **wrong).status_code == 422, name
        assert acts(app)[-1] == "passkey.refused-forged", name

    assert not is_in(stranger)


NONSENSE = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"text"',
    "[" * 50_000,
    "{}",
    '{"id": 1, "rawId": [], "response": {}, "type": {}}',
    '{"id": "é", "rawId": "é", "response": {"clientDataJSON": "é"}, "type": "public-key"}',
    "x" * 900_000,
    "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
]


def test_what_is_no_credential_at_all_is_answered_with_a_page(app, alice, browse_as, browse):
    mine = browse_as(alice)

    for sent in NONSENSE:
        replies = [send(browse, SIGN_IN, sent), send(mine, PROVE, sent), send(mine, ADD, sent)]
        assert [reply.status_code for reply in replies] == [422, 422, 422], sent[:60]
        assert all("does not fit together" in words(reply) for reply in replies), sent[:60]
        assert acts(app)[-3:] == ["passkey.refused-forged"] * 3, sent[:60]

    assert kept(app) == []


def test_each_part_of_an_answer_may_be_nonsense(browse, alices_phone):
    good = alices_phone.answer(options_of(browse, SIGN_IN))

    for part, text in product(
        ("clientDataJSON", "authenticatorData", "signature", "userHandle"), ("", "!", "====", "A", 7, None, [], {})
    ):
        bad = alices_phone.answer(options_of(browse, SIGN_IN))
        bad["response"][part] = text
        assert send(browse, SIGN_IN, bad).status_code == 422, (part, text)

    assert not is_in(browse)
    assert send(browse, SIGN_IN, good).status_code == 422  # its challenge is the eleventh from the end
    assert sign_in(browse, alices_phone).status_code == 303


def test_megabytes_are_answered_with_a_page_and_more_are_not_even_read(app, browse, alice):
    assert send(browse, SIGN_IN, "x" * 1_100_000).status_code == 422
    assert send(browse, SIGN_IN, "x" * 2_100_000).status_code == 413


def test_without_a_form_token_nothing_is_looked_at(app, browse, alices_phone):
    sent = json.dumps(alices_phone.answer(options_of(browse, SIGN_IN)))

    assert browse.post("/sign-in/passkey", {"credential": sent}).status_code == 400
    assert browse.post("/sign-in/passkey/options").status_code == 400
    assert not is_in(browse)


def test_who_was_not_verified_by_the_device_is_told_to_unlock_it(app, alice, browse_as, alices_phone):
    stranger, mine = Browse(app), browse_as(alice)

    signing_in = sign_in(stranger, alices_phone, flags=PRESENT)
    adding = add(mine, Authenticator(), flags=PRESENT)

    assert signing_in.status_code == adding.status_code == 422
    assert "fingerprint, face or PIN" in words(signing_in)
    assert "unlock it by fingerprint" in words(adding)
    assert not is_in(stranger)
    assert len(kept(app)) == 1
    assert acts(app)[-2:] == ["passkey.refused-unverified"] * 2


@pytest.mark.parametrize("handle", [None, b"", b"somebody else", "bob"])
def test_who_signs_in_is_whom_the_authenticator_names(
    app, browse, alice, make_customer, browse_as, alices_phone, handle
):
    bobs_phone = Authenticator()
    add(browse_as(make_customer().admin), bobs_phone)
    named = bobs_phone.kept[0].handle if handle == "bob" else handle

    assert sign_in(browse, alices_phone, handle=named).status_code == 422
    assert not is_in(browse)
    assert acts(app)[-1] == "passkey.refused-unknown"


def test_a_passkey_whose_count_goes_back_is_a_copy_and_does_not_open(app, alice, alices_phone):
    stolen = copy.copy(alices_phone.kept[0])
    sign_in(Browse(app), alices_phone)
    sign_in(Browse(app), alices_phone)
    thief = Browse(app)

    reply = sign_in(thief, alices_phone, count=stolen.count + 1)

    assert reply.status_code == 422
    assert "seems to exist twice" in words(reply)
    assert not is_in(thief)
    assert acts(app)[-1] == "passkey.copied"
    assert kept(app)[0].sign_count == 2


def test_of_a_passkey_and_its_copy_that_answer_at_once_one_gets_in(app, alice, alices_phone):
    for count in range(1, 4):
        owner, thief = Browse(app), Browse(app)
        sent = [alices_phone.answer(options_of(browse, SIGN_IN), count=count) for browse in (owner, thief)]

        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(send, (owner, thief), (SIGN_IN, SIGN_IN), sent))

        assert sorted(reply.status_code for reply in replies) == [303, 422]
        assert acts(app).count("passkey.copied") == count


def test_a_forgery_with_a_low_count_is_called_a_forgery_and_not_a_copy(app, alices_phone):
    sign_in(Browse(app), alices_phone)

    sign_in(Browse(app), alices_phone, count=1, sign=Credential(new_private(), b"").sign)

    assert acts(app)[-1] == "passkey.refused-forged"


def test_a_passkey_that_counts_nothing_opens_again_and_again(app, alice, browse_as):
    cloud = Authenticator(synced=True)
    add(browse_as(alice), cloud)

    assert [sign_in(Browse(app), cloud).status_code for _ in range(3)] == [303, 303, 303]
