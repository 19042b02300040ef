"""What is installed is locked: exact versions with hashes, the same for running and for testing."""

import re

from tests.support.processes import ROOT

PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return {pin["name"]: pin["version"] for pin in PIN.finditer((ROOT / name).read_text())}


def test_the_tests_run_with_the_very_versions_that_are_served() -> None:
    served, tested = pins("requirements.txt"), pins("requirements-dev.txt")

    assert served
    assert served.items() <= tested.items()


def test_every_locked_version_has_a_hash_and_no_registry_is_named() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        text = (ROOT / name).read_text()

        assert len(re.findall(r"==.*\\\n +--hash=sha256:", text)) == len(pins(name))
        assert "://" not in text
