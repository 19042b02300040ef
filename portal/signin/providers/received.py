"""What a provider says of a person today, written where the portal keeps it."""

from portal.signin.providers.identity import Identity
from portal.signin.providers.models import Received


def put(row: Received, identity: Identity) -> None:
    """Name and address may change at the provider; issuer and subject stay. `identity` is clean already (told)."""
    row.email, row.email_is_proven = identity.email, identity.email_is_proven
    row.full_name = identity.full_name
