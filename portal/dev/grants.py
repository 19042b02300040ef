"""Codes and tokens of the stand-ins: sealed and short-lived, so that any process can answer for them without memory."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

from portal.core import clock, sealing

PURPOSE = "demo provider"


class NotGiven(Exception):
    """No such code or token was given here, or its time is over."""


def give(kind: str, facts: dict[str, Any], *, seconds: float) -> str:
    """A code or token that stands for `facts`."""
    until = (clock.now() + timedelta(seconds=seconds)).timestamp()
    return sealing.seal(PURPOSE, kind, json.dumps([until, facts], ensure_ascii=False).encode())


def taken(kind: str, text: str) -> dict[str, Any]:
    """What a code or token of this kind stands for. Raises NotGiven."""
    try:
        until, facts = json.loads(sealing.unseal(PURPOSE, kind, text))
    except (sealing.DoesNotOpen, ValueError) as error:
        raise NotGiven from error
    if clock.now().timestamp() > until:
        raise NotGiven
    return dict(facts)


def answers_challenge(challenge: str, verifier: str) -> bool:
    """Whether the verifier is that of the challenge (RFC 7636, 4.6, S256)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
