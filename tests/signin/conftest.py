"""Google and Facebook, for the tests here that ask for them."""

from tests.support.providers import facebook, facebook_service, google, google_service  # noqa: F401 (fixtures)
