"""Google by OpenID Connect: discovery, PKCE, state, nonce; the ID token's signature, issuer, audience and times."""

from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwt import Token

from portal.core import clock
from portal.extensions import settings
from portal.signin.providers import keys, outgoing, published, told
from portal.signin.providers.identity import Identity
from portal.signin.providers.keys import Keys
from portal.signin.providers.models import Provider
from portal.signin.providers.outgoing import Refused
from portal.signin.providers.published import Published

SCOPE = "openid email profile"
ALGORITHMS = ["RS256"]
CLOCKS_DIFFER_SECONDS = 30
GOOGLE = "https://accounts.google.com"
OLD_NAME = "accounts.google.com"  # what Google's own tokens may still say for the same issuer


def leave(ours: Keys, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
    """The address at Google where the person agrees. Raises Unanswered."""
    google = _published(ours)
    with outgoing.session(ours, scope=SCOPE, redirect_uri=redirect_uri) as client:
        address, _state = client.create_authorization_url(
            google.authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
    return str(address)


def identify(ours: Keys, *, code: str, issuer: str | None, nonce: str, verifier: str, redirect_uri: str) -> Identity:
    """Who came back with this `code`; `issuer` is whom the answer itself names (RFC 9207).

    Raises Unanswered, Refused.
    """
    google = _published(ours)
    if issuer != google.issuer and (issuer is not None or google.names_itself):
        raise Refused("issuer of the answer")  # the code may be another provider's: it is not given to this one
    given = outgoing.exchange(ours, google.token_endpoint, code=code, verifier=verifier, redirect_uri=redirect_uri)
    claims = _checked(given, ours, google, nonce)
    return Identity(
        provider=Provider.GOOGLE,
        issuer=google.issuer,
        subject=told.number(claims.get("sub")),
        email=told.email(claims.get("email")),
        email_is_proven=speaks_for(claims),
        full_name=told.name(claims.get("name")),
    )


def speaks_for(claims: dict[str, Any]) -> bool:
    """Whether Google answers for the mailbox: an address of its own, or of a domain that it hosts, and verified.

    For any other address `email_verified` only says that it was verified once (standards C3).
    """
    if claims.get("email_verified") is not True:
        return False
    address, hosted = told.email(claims.get("email")), claims.get("hd")
    return address.lower().endswith("@gmail.com") or bool(address and isinstance(hosted, str) and hosted)


def may_call_itself(issuer: str) -> list[str]:
    """What an issuer's tokens may say in `iss`: its own address, and Google's alone also its name of old."""
    return [GOOGLE, OLD_NAME] if issuer == GOOGLE else [issuer]


def _published(ours: Keys, *, for_new_keys: bool = False) -> Published:
    address = settings().google_discovery_url
    if ours.is_demo:
        address = keys.demo_address(Provider.GOOGLE) + published.WELL_KNOWN
    return published.of(address).look(for_new_keys=for_new_keys)


def _checked(given: dict[str, Any], ours: Keys, google: Published, nonce: str) -> dict[str, Any]:
    """The ID token's claims, once all of it holds (OpenID Connect Core, 3.1.3.7). Raises Refused, Unanswered."""
    token = _opened(given.get("id_token"), ours, google)
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {"essential": True, "values": may_call_itself(google.issuer)},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": ours.client_id},
            "nonce": {"essential": True, "value": nonce},
        },
        {"nonce": nonce, "client_id": ours.client_id, "access_token": given["access_token"]},
    )
    try:
        claims.validate(now=int(clock.now().timestamp()), leeway=CLOCKS_DIFFER_SECONDS)
    except JoseError as error:
        raise Refused(getattr(error, "claim", error.error)) from error
    except (ValueError, TypeError) as error:
        raise Refused("claims") from error
    return dict(claims)


def _opened(token: Any, ours: Keys, google: Published) -> Token:
    """The token, if one of Google's keys signed it; for a key never seen, its keys are asked for once more."""
    if not isinstance(token, str):
        raise Refused("no token")
    try:
        try:
            return jwt.decode(token, google.keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            newer = _published(ours, for_new_keys=True)
            return jwt.decode(token, newer.keys, algorithms=ALGORITHMS)
    except JoseError as error:
        raise Refused(error.error) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused("token") from error
