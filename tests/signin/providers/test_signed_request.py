"""A signed_request is believed when Facebook signed it in these days, and in no other case."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from portal.core import clock
from portal.signin.providers import signed_request
from portal.signin.providers.signed_request import Refused

SECRET = "only Facebook and the portal know this"
NOBODY = ({}, {"user_id": None}, {"user_id": ""}, {"user_id": True}, {"user_id": ["1"]}, {"user_id": {"id": "1"}})


def signed(data: Any, *, secret: str = SECRET, pad: bool = False) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    payload = base64.urlsafe_b64encode(raw).decode()
    payload = payload if pad else payload.rstrip("=")
    mac = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(mac).decode().rstrip('=')}.{payload}"


def now() -> int:
    return int(clock.now().timestamp())


def said(**changes: Any) -> dict[str, Any]:
    return {"algorithm": "HMAC-SHA256", "user_id": "218471", "issued_at": now(), "expires": 0} | changes


def test_facebooks_word_is_read():
    found = signed_request.read(signed(said()), secret=SECRET)

    assert found.user_id == "218471"
    assert abs((found.issued_at - clock.now()).total_seconds()) < 5


@pytest.mark.parametrize("length", range(4))
@pytest.mark.parametrize("pad", [False, True])
def test_the_signature_is_over_the_payload_as_it_came_whatever_its_length(length, pad):
    data = said(note="x" * length)

    assert signed_request.read(signed(data, pad=pad), secret=SECRET).user_id == "218471"


def test_a_payload_that_is_padded_on_the_way_is_not_what_was_signed():
    text = next(text for text in (signed(said(note="x" * n)) for n in range(3)) if len(text.partition(".")[2]) % 4)

    with pytest.raises(Refused):
        signed_request.read(text + "=", secret=SECRET)


def test_an_id_written_as_a_number_is_the_same_person():
    assert signed_request.read(signed(said(user_id=218471)), secret=SECRET).user_id == "218471"


def test_a_small_letter_in_the_algorithms_name_does_not_matter():
    assert signed_request.read(signed(said(algorithm="hmac-sha256")), secret=SECRET).user_id == "218471"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.b",
        "no point at all",
        signed(said(), secret="another secret"),
        signed(said()) + "A",
        "A" + signed(said())[1:],
        "." + signed(said()).partition(".")[2],
        signed(said()).partition(".")[0] + ".",
        signed(said()) + ".more",
        signed(said()).replace(".", "=.="),
        signed(said()) + "\n",
        "é" * 43 + "." + "é",
        "\x00." + signed(said()).partition(".")[2],
        signed(said(note="x" * 9000)),
    ],
    ids=lambda text: "text",  # what is signed holds the time, and each process would give it another name
)
def test_what_facebook_did_not_sign_is_refused(text):
    with pytest.raises(Refused):
        signed_request.read(text, secret=SECRET)


@pytest.mark.parametrize(
    "data",
    [
        b"not json",
        b"\xff\xfe",
        b"[" * 2000,
        b"null",
        [],
        ["HMAC-SHA256"],
        "HMAC-SHA256",
        *[said() | nobody if nobody else {"algorithm": "HMAC-SHA256", "issued_at": now()} for nobody in NOBODY],
        said(user_id="12 or 1=1"),
        said(user_id="1" * 65),
        said(algorithm="none"),
        said(algorithm="HMAC-SHA1"),
        said(algorithm=None),
        said(algorithm=["HMAC-SHA256"]),
        said(issued_at=None),
        said(issued_at=True),
        said(issued_at=str(now())),
        said(issued_at=[now()]),
        said(issued_at=1e18),
        said(issued_at=10**30),
        said(issued_at=-1),
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(data):
    with pytest.raises(Refused):
        signed_request.read(signed(data), secret=SECRET)


@pytest.mark.parametrize(
    ("age", "is_believed"), [(0, True), (604_700, True), (604_900, False), (-290, True), (-320, False)]
)
def test_an_old_one_and_one_from_the_future_are_refused(age, is_believed):
    text = signed(said(issued_at=now() - age))

    if is_believed:
        assert signed_request.read(text, secret=SECRET).user_id == "218471"
    else:
        with pytest.raises(Refused):
            signed_request.read(text, secret=SECRET)


def test_without_a_secret_nothing_is_believed_not_even_what_an_empty_one_signed():
    with pytest.raises(Refused):
        signed_request.read(signed(said(), secret=""), secret="")
