"""docs/contract.md is true: addresses, fields, commands, settings and letters are those of the running code.

The page is read by its tables, whose rows look like these:
`| GET POST | `/path/<id>` | `field` `?query` | words |`, with ⏳ for what stays open while an account closes;
`| `flask name ARGUMENT` | `--option` | … |`; `| `PORTAL_NAME` | default | … |`; `| `room/letter` | … |`.
"""

import dis
import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import click
import pytest
from flask import Flask
from flask_wtf import FlaskForm

from portal import config
from portal.accounts.service import user_by_email
from portal.app import COMMANDS, create_app
from portal.core.database import db
from portal.core.features import Feature
from portal.dev.demo import PASSWORD as DEMO_PASSWORD
from portal.dev.demo import make as make_demo_people
from tests.support.people import give_second_step

ROOT = Path(__file__).resolve().parents[2]
PAGE_TEXT = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
IN_CODE = re.compile(r"`([^`]+)`")
PLACE = re.compile(r"<[^>]+>")
METHODS = {"GET", "POST"}
READERS = {
    None: ("/sign", "/forgot", "/contact"),
    "binh@example.com": ("/profile", "/security", "/exports", "/close-account", "/confirm-identity"),
    "lan@smartos.example.com": ("/staff",),
}
ONLY_SOMETIMES = [
    ("/exports", "include_files"),  # the box waits for a room whose people upload files
    ("/confirm-identity", "code"),  # of who has a second step: tests/signin/test_fresh_proof.py
]
ONLY_HALF_WAY = ("/sign-in/second-step", "/sign-up/continue", "/security/linked/confirm")  # nothing to finish here
GIVEN_BY_FLASK_MIGRATE = {"db upgrade": set()}


@dataclass(frozen=True)
class Address:
    """One row of the page: how an address is asked, and what it takes."""

    path: str
    methods: frozenset[str]
    fields: frozenset[str]
    queries: frozenset[str]
    while_closing: bool


def rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def addresses(text: str = PAGE_TEXT) -> list[Address]:
    found = []
    for cells in rows(text):
        methods = frozenset(cells[0].split())
        if methods and methods <= METHODS:
            taken = IN_CODE.findall(cells[2])
            queries = frozenset(name.removeprefix("?") for name in taken if name.startswith("?"))
            fields = frozenset(name for name in taken if not name.startswith("?"))
            path = IN_CODE.findall(cells[1])[0]
            found.append(Address(path, methods, fields, queries, "⏳" in cells[-1]))
    return found


def commands() -> dict[str, set[str]]:
    found = {}
    for cells in rows(PAGE_TEXT):
        command = next(iter(IN_CODE.findall(cells[0])), "")
        if command.startswith("flask "):
            words = [word for word in command.split()[1:] if not re.search(r"[A-Z]", word)]
            found[" ".join(words)] = set(IN_CODE.findall(cells[1]))
    return found


def named(text: str) -> list[str]:
    """What the first cell of each row names."""
    return [names[0] for cells in rows(text) if (names := IN_CODE.findall(cells[0]))]


def settings() -> list[str]:
    return [name.removeprefix("PORTAL_") for name in named(PAGE_TEXT) if name.startswith("PORTAL_")]


def example() -> list[tuple[str, str]]:
    """Every setting of .env.example with the value it shows there."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"#?\s?PORTAL_([A-Z_]+)=(.*)", line) for line in lines)
    return [(match[1], "".join(shlex.split(match[2], comments=True))) for match in found if match]


@pytest.fixture
def portal(tmp_path: Path) -> Flask:
    return create_app({"PORTAL_INSTANCE_PATH": str(tmp_path)})


def plain(path: str) -> str:
    return PLACE.sub("<>", path)


def served(app: Flask) -> dict[tuple[str, frozenset[str]], Any]:
    """Every address of the portal, without those for trying out, with its view."""
    rules = [
        rule for rule in app.url_map.iter_rules() if rule.endpoint != "static" and not rule.rule.startswith("/dev/")
    ]
    return {
        (plain(rule.rule), frozenset(METHODS & (rule.methods or set()))): app.view_functions[rule.endpoint]
        for rule in rules
    }


def test_every_address_of_the_page_is_served_and_every_served_one_is_on_the_page(portal):
    told = {(plain(address.path), address.methods) for address in addresses()}

    assert told == set(served(portal))


def test_every_address_stands_on_the_page_once(portal):
    told = [plain(address.path) for address in addresses()]

    assert sorted(told) == sorted(set(told))


@pytest.mark.parametrize(
    ("heading", "access"),
    [
        ("Anyone", "public"),
        ("Signed in", "signed-in"),
        ("Smartos's own people, by feature", None),
        ("Machines", "public"),
    ],
)
def test_every_address_stands_under_those_who_may(portal, heading, access):
    views = served(portal)
    section = PAGE_TEXT.partition(f"\n### {heading}\n")[2].partition("\n##")[0]
    told = [(address, views[plain(address.path), address.methods]) for address in addresses(section)]

    assert told
    if access:
        assert [address.path for address, view in told if view.access != access] == []
    else:
        assert all(address.path == "/staff" or isinstance(view.access, Feature) for address, view in told)


def test_what_is_said_to_stay_open_while_closing_does(portal):
    views = served(portal)
    changing = [(a, views[plain(a.path), a.methods]) for a in addresses() if "POST" in a.methods]

    open_views = {address.path for address, view in changing if getattr(view, "while_closing", False)}
    public = {address.path for address, view in changing if view.access == "public"}

    assert {address.path for address, _view in changing if address.while_closing} - public == open_views - public


def reached(view: Any) -> Iterator[CodeType | type[FlaskForm]]:
    """The code of a view and of what it calls in its own module, and the forms named there."""
    waiting, seen = [inspect.unwrap(view)], set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        yield from codes(function.__code__)
        for name in globals_used(function):
            thing = function.__globals__.get(name)
            if isinstance(thing, type) and issubclass(thing, FlaskForm):
                yield thing
            elif inspect.isfunction(thing) and thing.__module__ == function.__module__:
                waiting.append(inspect.unwrap(thing))


def globals_used(function: Any) -> set[str]:
    loaded = (step for code in codes(function.__code__) for step in dis.get_instructions(code))
    return {str(step.argval) for step in loaded if step.opname == "LOAD_GLOBAL"}


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def fields_of(app: Flask, view: Any) -> set[str]:
    with app.test_request_context():
        forms = [form(formdata=None) for form in reached(view) if isinstance(form, type)]
        return {field.name for form in forms for field in form} - {"csrf_token"}


def queries_of(view: Any) -> set[str]:
    """Every word that the view could ask the query for."""
    words = (word for code in reached(view) if isinstance(code, CodeType) for word in code.co_consts)
    flat = (part for word in words for part in (word if isinstance(word, tuple) else (word,)))
    return {word for word in flat if isinstance(word, str)}


def test_the_fields_of_the_page_are_the_fields_of_the_forms(portal):
    views = served(portal)
    told = {address.path: set(address.fields) for address in addresses()}

    asked = {a.path: fields_of(portal, views[plain(a.path), a.methods]) - a.queries for a in addresses()}

    assert {path: told[path] for path in told if told[path] != asked[path]} == {
        path: asked[path] for path in told if told[path] != asked[path]
    }


def test_the_queries_of_the_page_are_read_by_the_views(portal):
    views = served(portal)

    unread = [
        f"{address.path} ?{name}"
        for address in addresses()
        for name in address.queries - queries_of(views[plain(address.path), address.methods])
    ]

    assert unread == []


@pytest.mark.parametrize("reader", READERS)
def test_a_page_shows_the_fields_that_it_is_said_to_take(app, browse, reader):
    with app.app_context():
        make_demo_people(customers=0, seed=1)
        db.session.commit()
        person = user_by_email(reader) if reader else None
        if person is not None and person.customer.is_smartos:
            give_second_step(person)
        db.session.commit()
    if person:
        browse.sign_in(person, DEMO_PASSWORD)
        browse.submit("/profile/phone", {"phone": "0905 123 789"})  # its code is asked for on a page of its own

    pages = {a.path: a for a in addresses() if a.methods == METHODS and a.path.startswith(READERS[reader])}
    shown = {path: browse.get(path).get_data(as_text=True) for path in pages if "<" not in path}

    asked = [(path, field) for path in shown for field in pages[path].fields]
    absent = [ask for ask in asked if f'name="{ask[1]}"' not in shown[ask[0]]]
    assert asked
    assert [ask for ask in absent if ask not in ONLY_SOMETIMES and ask[0] not in ONLY_HALF_WAY] == []


def own_commands() -> dict[str, set[str]]:
    def walk(command: click.Command, name: str) -> Iterator[tuple[str, set[str]]]:
        if isinstance(command, click.Group):
            for part, inner in command.commands.items():
                yield from walk(inner, f"{name} {part}")
            return
        yield name, {option for p in command.params if isinstance(p, click.Option) for option in p.opts}

    return dict(pair for command in COMMANDS for pair in walk(command, str(command.name)))


def test_every_command_is_on_the_page_with_its_options(portal):
    assert commands() == own_commands() | GIVEN_BY_FLASK_MIGRATE
    assert {name.split()[0] for name in commands()} <= set(portal.cli.commands)


def test_the_targets_of_make_are_on_the_page():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    told = {name.removeprefix("make ") for name in named(PAGE_TEXT) if name.startswith("make ")}

    assert told == targets


def test_every_setting_is_on_the_page_once_and_in_the_example():
    assert sorted(settings()) == sorted(config.NAMES)
    assert sorted(name for name, _value in example()) == sorted(config.NAMES)


def test_the_example_can_be_taken_as_it_is(tmp_path):
    values = {f"PORTAL_{name}": value for name, value in example() if value}

    taken = config.load(
        values | {"PORTAL_INSTANCE_PATH": str(tmp_path)}, root=tmp_path, make_secret=lambda folder, name: ""
    )

    assert taken.is_production


def test_every_letter_is_on_the_page_and_every_one_there_is_written():
    subjects = (ROOT / "templates/mail").glob("*/*.subject.txt")
    written = [f"{file.parent.name}/{file.name.removesuffix('.subject.txt')}" for file in subjects]
    told = named(PAGE_TEXT.partition("\n## Letters")[2].partition("\n## ")[0])

    assert sorted(told) == sorted(written)
