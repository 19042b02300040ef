"""The portal's registration at Google and Facebook; in development without one, at the stand-ins under /dev/."""

from dataclasses import dataclass, field

from portal.core import hashes
from portal.extensions import settings
from portal.signin.providers.models import Provider

DEMO_CLIENT_ID = "demo"


@dataclass(frozen=True)
class Keys:
    """What the portal is called at a provider, and by what it shows that it is the portal."""

    client_id: str
    client_secret: str = field(repr=False)
    is_demo: bool = False


def of(provider: Provider) -> Keys | None:
    """The keys for this provider; None where it is not offered (production without keys)."""
    given = settings()
    client_id, client_secret = {
        Provider.GOOGLE: (given.google_client_id, given.google_client_secret),
        Provider.FACEBOOK: (given.facebook_client_id, given.facebook_client_secret),
    }[provider]
    if client_id and client_secret:
        return Keys(client_id, client_secret)
    return None if given.is_production else demo(provider)


def demo(provider: Provider) -> Keys:
    """The keys at the stand-in, which derives the same secret."""
    return Keys(DEMO_CLIENT_ID, hashes.keyed("demo provider", provider), is_demo=True)


def demo_address(provider: Provider) -> str:
    """Where the stand-in for this provider stands."""
    return f"{settings().base_url}/dev/{provider}"
