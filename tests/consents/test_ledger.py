"""The ledger: who, when, which words in which version and language, on which page, by which act; never changed."""

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.consents import service, wording
from portal.consents.models import ConsentWay, ConsentWords
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from portal.core.language import LOCALES
from tests.support.browse import Browse, hidden_of

P = ConsentPurpose
ROOM = Path(__file__).resolve().parents[2] / "portal"
WORDINGS = Path(__file__).with_name("wordings.json")


def test_an_entry_says_who_when_what_where_and_how(app, make_customer, browse_as, consents):
    alice = make_customer(locale="vi").admin
    started = clock.now()

    browse_as(alice).submit("/consents/surveys", {"granted": "yes"}, page="/consents")

    [entry] = consents.entries(alice)
    assert started <= entry.at <= clock.now()
    assert (entry.purpose, entry.granted, entry.way) == (P.SURVEYS, True, ConsentWay.SWITCH)
    assert (entry.page, entry.locale, entry.version) == ("/consents", "vi", 1)
    with app.app_context():
        kept = db.session.get_one(ConsentWords, entry.words_sha256)
        assert (kept.title, kept.purpose, kept.locale) == ("Khảo sát", P.SURVEYS, "vi")
        shown = wording.of(P.SURVEYS, "vi")
        assert {part: getattr(kept, part) for part in vars(shown)} == vars(shown)


def test_the_same_decision_twice_is_one_entry(make_customer, consents):
    alice = make_customer().admin

    changed = [consents.decide(alice, P.EVENTS, granted=granted) for granted in (True, True, False, False, True)]

    assert changed == [True, False, True, False, True]
    assert [entry.granted for entry in consents.entries(alice)] == [True, False, True]


def test_refusing_what_was_never_given_is_kept_once(make_customer, consents):
    alice = make_customer().admin

    changed = [consents.decide(alice, P.MEASUREMENT, granted=False) for _ in range(2)]

    assert changed == [True, False]
    assert consents.given(alice) == set()


def test_two_tabs_at_once_make_one_entry(app, make_customer, browse_as, consents):
    alice = make_customer().admin
    tabs = [browse_as(alice), *[Browse(app) for _ in range(3)]]
    for tab in tabs[1:]:
        tab.sign_in(alice)
    forms = [hidden_of(tab.get("/consents")) for tab in tabs]
    barrier = Barrier(len(tabs))

    def press(tab, form):
        barrier.wait()
        return tab.post("/consents/promotions", {**form, "granted": "yes"}).status_code

    with ThreadPoolExecutor(len(tabs)) as pool:
        codes = list(pool.map(press, tabs, forms))

    assert codes == [303] * len(tabs)
    assert [entry.granted for entry in consents.entries(alice)] == [True]


def test_first_uses_of_the_same_words_by_many_at_once_keep_them_once(app, make_customer, consents):
    people = [make_customer().admin for _ in range(4)]
    barrier = Barrier(len(people))

    def agree(person):
        barrier.wait()
        return consents.decide(person, P.LOCATION)

    with ThreadPoolExecutor(len(people)) as pool:
        changed = list(pool.map(agree, people))

    assert changed == [True] * len(people)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ConsentWords)) == 1


def test_an_entry_comes_after_the_one_before_it_whatever_the_machines_clock_says(app, make_customer, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    [first] = consents.entries(alice)
    first.id = type(first.id)(int=first.id.int | (1 << 127))  # as made by a machine whose clock runs ahead

    following = service._id_after(first)

    assert following > first.id


def test_each_act_is_in_the_audit_chain_by_ids_only(app, make_customer, consents):
    alice = make_customer().admin

    consents.decide(alice, P.EVENTS)
    consents.decide(alice, P.EVENTS, granted=False)

    with app.app_context():
        acts = db.session.execute(
            select(AuditEntry.act, AuditEntry.actor_id, AuditEntry.subject_kind)
            .where(AuditEntry.act.like("consent.%"))
            .order_by(AuditEntry.seq)
        ).all()
    assert acts == [
        ("consent.given", alice.id, "consent_entry"),
        ("consent.withdrawn", alice.id, "consent_entry"),
    ]


def test_words_that_changed_since_are_agreed_to_anew(make_customer, consents, monkeypatch):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    question = wording.QUESTIONS[P.EVENTS]
    monkeypatch.setitem(wording.QUESTIONS, P.EVENTS, type(question)(**{**vars(question), "version": 2, "why": "New"}))

    changed = [consents.decide(alice, P.EVENTS) for _ in range(2)]

    assert changed == [True, False]
    assert [entry.version for entry in consents.entries(alice)] == [1, 2]


@pytest.mark.parametrize("table", ["ConsentEntry", "ConsentWords"])
def test_no_line_of_the_portal_changes_or_takes_out_an_entry(table):
    found = [
        f"{file.relative_to(ROOM)}:{node.lineno}"
        for file in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("update", "delete")
        and any(getattr(part, "id", "") == table for argument in node.args for part in ast.walk(argument))
    ]

    assert found == []


def test_words_that_changed_have_a_new_version(app):
    published = json.loads(WORDINGS.read_text(encoding="utf-8"))
    with app.app_context():
        today = {purpose.value: {locale: wording.of(purpose, locale).sha256 for locale in LOCALES} for purpose in P}

    assert {name: versions[str(wording.version(P(name)))] for name, versions in published.items()} == today
    assert all(list(versions) == [str(n + 1) for n in range(len(versions))] for versions in published.values())
