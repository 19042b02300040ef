"""The world in which the tests live: real databases, a real SMTP server, people with names."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache

from portal.app import create_app
from portal.core import clock
from portal.core.database import db
from portal.work import runner
from tests.support import plugin
from tests.support.browse import Browse
from tests.support.people import People
from tests.support.smtp import Mailbox
from tests.support.statements import Statements, counted

DATABASES = ("sqlite", "postgresql")


def make_schema(environ: dict[str, str]) -> None:
    """An empty database with all tables, as the migrations make it."""
    app = create_app(environ)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def smtp() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def mailbox(smtp: Mailbox) -> Mailbox:
    """A real SMTP server, empty and willing."""
    smtp.clear()
    return smtp


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    make_schema({"PORTAL_INSTANCE_PATH": str(folder)})
    return folder / "portal.sqlite3"


@pytest.fixture(scope="session")
def secrets_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    create_app({"PORTAL_INSTANCE_PATH": str(folder)})
    return folder / "secrets"


@pytest.fixture(scope="session")
def postgres_template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    server = plugin.postgres_server(request.config)
    name = f"template_{uuid4().hex[:12]}"
    url = server.create_database(name)
    make_schema({"PORTAL_INSTANCE_PATH": str(tmp_path_factory.mktemp("pg")), "PORTAL_DATABASE_URL": url})
    return name


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on: each test that touches one runs on both."""
    return str(request.param)


@pytest.fixture
def environ(
    database: str,
    tmp_path: Path,
    secrets_template: Path,
    mailbox: Mailbox,
    request: pytest.FixtureRequest,
) -> Iterator[dict[str, str]]:
    """The PORTAL_… settings of this test's portal, also for workers in processes of their own."""
    instance = tmp_path / "instance"
    shutil.copytree(secrets_template, instance / "secrets")
    settings = {"PORTAL_INSTANCE_PATH": str(instance), "PORTAL_SMTP_URL": mailbox.url}
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), instance / "portal.sqlite3")
        yield settings
        return
    server = plugin.postgres_server(request.config)
    name = f"t_{uuid4().hex[:16]}"
    url = server.create_database(name, template=request.getfixturevalue("postgres_template"))
    yield settings | {"PORTAL_DATABASE_URL": url}
    server.drop_database(name)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an app of its own; compiling the same templates for each would take most of the run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(environ: dict[str, str], compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The portal on an empty database."""
    made = create_app(environ)
    made.jinja_env.bytecode_cache = compiled_templates
    yield made
    clock.shift(0)
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def people(app: Flask) -> People:
    return People(app)


@pytest.fixture
def make_customer(people: People) -> Callable[..., People.Made]:
    """A customer with an Admin User and, if asked, Staff Users: `.id`, `.admin`, `.staff`."""
    return people.make_customer


@pytest.fixture
def make_operator(people: People) -> Callable[..., object]:
    """Somebody of Smartos's own people, with all features or the `features` given."""
    return people.make_operator


@pytest.fixture
def browse(app: Flask) -> Browse:
    """A browser that is signed out."""
    return Browse(app)


@pytest.fixture
def browse_as(app: Flask) -> Callable[[object], Browse]:
    """A browser in which this user has signed in, by the form."""

    def signed_in(user: object) -> Browse:
        browser = Browse(app)
        browser.sign_in(user)
        return browser

    return signed_in


@pytest.fixture
def work(app: Flask) -> Callable[[], object]:
    """Do all background work that is due now."""

    def until_empty() -> object:
        with app.app_context():
            done = [runner.run(name) for name in runner.duties()]
            while any(done):
                done = [runner.run(name) for name in runner.duties()]
        return None

    return until_empty


@pytest.fixture
def move_clock() -> Iterator[Callable[..., None]]:
    """Move the portal's clock on from the real one: days, hours, seconds."""

    def move(*, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        clock.shift(days * 86400 + hours * 3600 + seconds)

    yield move
    clock.shift(0)


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[Statements]]:
    """Count SQL statements: `with statements() as seen: …; assert len(seen) <= 3`."""
    return lambda: counted(app)
