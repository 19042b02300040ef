"""What guards an account, as rows that the rooms would have written."""

from typing import Any

from portal.accounts.models import User
from portal.signin.factors.models import Passkey, SecondStep
from portal.signin.providers.models import LinkedAccount, Provider


def passkey(user: User, **columns: Any) -> Passkey:
    known = {"credential_id": b"id", "public_key": b"key", "name": "Key"}
    return Passkey(**{"user_id": user.id, **known, **columns})


def second_step(user: User, **columns: Any) -> SecondStep:
    return SecondStep(user_id=user.id, sealed_secret="sealed", **columns)


def linked(user: User, provider: Provider, **columns: Any) -> LinkedAccount:
    return LinkedAccount(user_id=user.id, provider=provider, issuer=provider.value, subject="1", **columns)
