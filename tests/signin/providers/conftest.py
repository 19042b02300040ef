"""Google and Facebook, for every test here."""

from tests.support.providers import (  # noqa: F401 (fixtures)
    environ,
    facebook,
    facebook_service,
    google,
    google_service,
)
