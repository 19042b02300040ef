"""Google's calls, for every test here."""

from tests.support.google_events import alice, claims, linked, send, tell  # noqa: F401 (fixtures)
