"""Who somebody is by a provider's word, checked and in one shape for both providers."""

from dataclasses import dataclass

from portal.signin.providers.models import Provider


@dataclass(frozen=True)
class Identity:
    """One person at one provider. Keyed on `issuer` and `subject`, never on the address (OpenID Connect Core 5.7).

    `email_is_proven`: the provider speaks for that mailbox (Google, for an address of its own or a hosted domain);
    otherwise the portal must prove it by a letter. `email` may be empty.
    """

    provider: Provider
    issuer: str
    subject: str
    email: str
    email_is_proven: bool
    full_name: str
