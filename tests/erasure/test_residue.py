"""Not a byte is left where the data was: database, WAL, free pages, queue, files, mailbox (clause 8.3)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import insert, text

from portal.accounts.models import Kind, User
from portal.core.database import db
from portal.erasure import residue, service, sweeping
from portal.erasure.models import Closing, Scope, State
from portal.serving import mailbox_files
from portal.signin.models import Visit, Way
from tests.erasure.conftest import CloseFor
from tests.erasure.planting import Planted, plant, plant_file

PEOPLE = 12
VISITS = 1500
LETTER = "To: {to}\r\nX-Portal-Letter: {name}\r\nSubject: x\r\n\r\nThe words.\r\n"

MakeCustomer = Callable[..., Any]
MoveClock = Callable[..., None]


@pytest.fixture
def leaving(app: Flask, make_customer: MakeCustomer, instance: Path) -> tuple[list[User], Planted]:
    """People who close, between others who stay, with marks wherever text can be; and the marks."""
    planted = Planted()
    goes, stays = [], []
    for _ in range(PEOPLE):
        names = {"company_name": planted.mark(), "full_name": planted.mark()}
        email = f"{planted.mark()}@example.com"
        goes.append(make_customer(kind=Kind.ORGANISATION, email=email, **names).admin)
        stays.append(make_customer().admin)
    with app.app_context():
        for person in goes:
            planted.marks |= plant(person.customer_id, person.id, rows=2).marks
            plant_file(person.customer_id, person.id)
        _plant_visits(goes, stays, planted)
        db.session.commit()
    for person in goes:
        for name in ("erasure/closing", "erasure/erased"):
            content = LETTER.format(to=person.email, name=name).encode()
            mailbox_files.deliver(instance / "mailbox", person.email, content)
    return goes, planted


def _plant_visits(goes: list[User], stays: list[User], planted: Planted) -> None:
    """Among many rows of who goes a few of who stays: pages left nearly empty are joined with their neighbours."""
    nobody = Planted()
    rows = []
    for _ in range(VISITS):
        for person, marks in [(p, planted) for p in goes] + [(p, nobody) for p in stays[:2]]:
            texts = {name: marks.mark() for name in ("ip", "browser", "system")}
            rows.append({"id": uuid4(), "user_id": person.id, "way": Way.PASSWORD, **texts})
    db.session.execute(insert(Visit), rows)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_clause_8_3_a_scan_finds_no_byte_of_who_was_purged(
    app: Flask,
    leaving: tuple[list[User], Planted],
    close_for: CloseFor,
    move_clock: MoveClock,
    work: Callable[[], object],
    instance: Path,
) -> None:
    people, planted = leaving
    for person in people:
        close_for(person, Scope.CUSTOMER, reason=planted.mark())
    assert set.union(*planted.found_in(instance).values()) == set(planted.marks)  # the scan finds what is there
    move_clock(days=30, seconds=1)

    work()

    with app.app_context():
        assert {closing.state for closing in db.session.query(Closing)} == {State.PURGED}
    assert planted.found_in(instance) == {}
    last = mailbox_files.messages(instance / "mailbox")
    assert {letter.to for letter in last} == {"erased@portal.invalid"}
    assert len(last) == PEOPLE


def test_no_two_people_have_a_mark_in_common() -> None:
    goes, stays = Planted(), Planted()

    for _ in range(150_000):
        goes.mark(), stays.mark()

    assert not goes.marks & stays.marks


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_purged_is_not_said_while_somebody_still_reads_the_old_pages(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    instance: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(residue, "BUSY_MS", 100)
    closing = close_for(make_customer().admin)
    reader = sqlite3.connect(instance / "portal.sqlite3", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from user").fetchone()
    move_clock(days=30, seconds=1)

    with app.app_context():
        assert sweeping.sweep()["waiting"] == 1
        assert db.session.get_one(Closing, closing.id).state == State.PURGING
    reader.close()
    move_clock(days=30, seconds=60)
    with app.app_context():
        assert sweeping.sweep()["purged"] == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_terms_of_a_full_text_index_go_too(app: Flask, instance: Path) -> None:
    with app.app_context():
        db.session.execute(text("create virtual table search_terms using fts5(words, tokenize='trigram')"))
        for n in range(200):
            db.session.execute(text("insert into search_terms(words) values (:w)"), {"w": f"zqterm{n:03}x"})
        db.session.commit()
        db.session.execute(text("delete from search_terms where words like 'zqterm0%'"))
        db.session.commit()

        assert residue.compact()

    content = (instance / "portal.sqlite3").read_bytes()
    assert b"zqterm15" in content
    assert not [n for n in range(100) if f"zqterm{n:03}x".encode() in content]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_postgresql_compact_rewrites_every_table_and_purged_says_so_in_plain_words(
    app: Flask,
    make_customer: MakeCustomer,
    close_for: CloseFor,
    move_clock: MoveClock,
    work: Callable[[], object],
    browse: Any,
) -> None:
    closing = close_for(make_customer().admin)
    move_clock(days=30, seconds=1)
    work()

    with app.app_context():
        assert residue.compact()

    assert service.CODE.fullmatch(closing.code)
    page = browse.get(f"/data-deletion/{closing.code}").get_data(as_text=True)
    assert "within a week" in page
    assert "at most 30 days" in page
