"""pytest's part of the support: one PostgreSQL for all workers, and no silent skip in CI."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support import postgres

_open = pytest.StashKey[contextlib.ExitStack]()
_server = pytest.StashKey[postgres.Server | postgres.Unavailable]()
FOLDER = "postgres_folder"
REASON = "postgres_unavailable"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_open] = contextlib.ExitStack()
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is not None:
        found = given[FOLDER]
        config.stash[_server] = postgres.Server(Path(found)) if found else postgres.Unavailable(given[REASON])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker of xdist starts: the controller's server is theirs too."""
    server = _of(node.config)
    node.workerinput[FOLDER] = str(server.folder) if isinstance(server, postgres.Server) else ""
    node.workerinput[REASON] = str(server)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_open].close()


def _of(config: pytest.Config) -> postgres.Server | postgres.Unavailable:
    if _server not in config.stash:
        try:
            config.stash[_server] = config.stash[_open].enter_context(postgres.running())
        except postgres.Unavailable as reason:
            config.stash[_server] = reason
    return config.stash[_server]


def postgres_server(config: pytest.Config) -> postgres.Server:
    """The run's one server, started when first asked for. Skips by name where the machine cannot run it."""
    server = _of(config)
    if isinstance(server, postgres.Unavailable):
        pytest.skip(str(server))
    return server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skip is a failure: what the machine lacks, `.ci/run` should have installed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI=true allows no skips: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself while it is collected."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, and CI=true allows no skips: {report.longrepr}"
    return report
