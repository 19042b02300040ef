"""Leaving by a letter: one press on a page, or the mail program's own button (RFC 8058); no session, no guessing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consents import unsubscribing
from portal.consents.models import ConsentWay
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core.database import db, new_id
from portal.notices.models import DeliveryState
from tests.support.browse import Browse, hidden_of, state_of
from tests.support.golden import assert_golden

P = ConsentPurpose
GOLDEN = Path(__file__).parent / "golden"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def anybody(app):
    """A browser, or a mail server, that refuses every cookie."""
    return Browse(app, cookies=False)


@pytest.mark.parametrize("kind", MARKETING)
def test_clause_4_5_one_click_leaves_one_kind_without_session_or_cookie(make_customer, anybody, consents, kind):
    alice = make_customer().admin
    for each in MARKETING:
        consents.decide(alice, each)

    reply = anybody.post(consents.link(alice.id, kind), ONE_CLICK)

    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in reply.headers
    assert consents.given(alice) == set(MARKETING) - {kind}
    assert consents.entries(alice)[-1].way == ConsentWay.ONE_CLICK


def test_one_click_may_come_as_multipart(make_customer, anybody, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)

    reply = anybody.post(consents.link(alice.id, P.EVENTS), ONE_CLICK, content_type="multipart/form-data")

    assert reply.status_code == 200
    assert consents.given(alice) == set()


def test_it_cancels_waiting_letters_confirms_once_and_the_second_time_changes_nothing(
    make_customer, anybody, consents, campaign, work, mailbox
):
    alice, bao = make_customer().admin, make_customer().admin
    for person in (alice, bao):
        consents.decide(person, P.EVENTS)
    states = campaign(P.EVENTS, alice, bao)
    link = consents.link(alice.id, P.EVENTS)

    replies = [anybody.post(link, ONE_CLICK) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200] * 3
    assert states() == [DeliveryState.CANCELLED, DeliveryState.QUEUED]
    assert [entry.granted for entry in consents.entries(alice)] == [True, False]
    assert len(consents.letters(alice)) == 1


def test_both_come_at_once_and_one_letter_is_written(make_customer, app, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    link = consents.link(alice.id, P.EVENTS)
    barrier = Barrier(4)

    def press(_):
        barrier.wait()
        return Browse(app, cookies=False).post(link, ONE_CLICK).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(press, range(4)))

    assert codes == [200] * 4
    assert len(consents.entries(alice)) == 2
    assert len(consents.letters(alice)) == 1


def test_a_scanner_that_opens_the_link_changes_nothing(make_customer, anybody, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    link = consents.link(alice.id, P.EVENTS)

    shown, head = anybody.get(link), anybody.client.head(link)

    assert (shown.status_code, head.status_code) == (200, 200)
    assert state_of(shown) == "given"
    assert alice.email not in shown.get_data(as_text=True)
    assert alice.full_name not in shown.get_data(as_text=True)
    assert consents.given(alice) == {P.EVENTS}


def test_the_page_stops_this_kind_and_says_how_to_come_back(make_customer, anybody, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    consents.decide(alice, P.SURVEYS)
    link = consents.link(alice.id, P.EVENTS)

    reply = anybody.submit(link, {"which": "kind"})
    page = anybody.get(reply.headers["Location"])

    assert reply.status_code == 303
    assert state_of(page) == "withdrawn"
    assert 'href="/consents"' in page.get_data(as_text=True)
    assert "Stop all advertising" in page.get_data(as_text=True)
    assert consents.given(alice) == {P.SURVEYS}
    assert consents.entries(alice)[-1].way == ConsentWay.UNSUBSCRIBE
    assert consents.entries(alice)[-1].page == "/unsubscribe"


def test_the_page_stops_all_advertising_with_one_letter(make_customer, anybody, consents):
    alice = make_customer().admin
    for purpose in P:
        consents.decide(alice, purpose)

    anybody.submit(consents.link(alice.id, P.EVENTS), {"which": "marketing"})

    assert consents.given(alice) == set(P) - set(MARKETING)
    [letter] = consents.letters(alice)
    assert "Promotions" in letter.text
    assert "Location" not in letter.text


@pytest.mark.parametrize("said", [{}, {"which": "everything"}, {"which": "\x00"}, {"List-Unsubscribe": "Two-Click"}])
def test_an_odd_form_is_refused_and_changes_nothing(make_customer, anybody, consents, said):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)

    reply = anybody.submit(consents.link(alice.id, P.EVENTS), said)

    assert reply.status_code == 422
    assert consents.given(alice) == {P.EVENTS}


def test_a_forged_or_garbled_link_is_not_found(make_customer, anybody, consents):
    alice, bao = make_customer().admin, make_customer().admin
    consents.decide(alice, P.EVENTS)
    token = consents.link(alice.id, P.EVENTS).removeprefix(unsubscribing.PATH)
    others = consents.link(bao.id, P.EVENTS).removeprefix(unsubscribing.PATH)

    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        others[:22] + token[22:],
        token[:22] + others[22:],
        token.swapcase(),
        token + "=",
        token + "A" * 4,
        token[:-4],
        "a",
        "é" * 44,
        "%00",
        "-" * 44,
    ]
    codes = [
        (
            anybody.get(f"{unsubscribing.PATH}{each}").status_code,
            anybody.post(f"{unsubscribing.PATH}{each}", ONE_CLICK).status_code,
        )
        for each in forged
    ]

    assert codes == [(404, 404)] * len(forged)
    assert consents.given(alice) == {P.EVENTS}


def test_whoever_was_erased_is_told_what_somebody_who_left_is_told(app, make_customer, anybody, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    here, gone = consents.link(alice.id, P.EVENTS), consents.link(new_id(), P.EVENTS)
    before = hidden_of(anybody.get(here))  # a page that was open before
    consents.decide(alice, P.EVENTS, granted=False)

    pages = [anybody.get(link) for link in (here, gone)]
    clicks = [anybody.post(link, ONE_CLICK) for link in (here, gone)]
    presses = [anybody.post(link, {**before, "which": "kind"}) for link in (here, gone)]

    assert {state_of(page) for page in pages} == {"withdrawn"}
    assert bare(pages[0].get_data(as_text=True), here) == bare(pages[1].get_data(as_text=True), gone)
    assert clicks[0].get_data() == clicks[1].get_data()
    assert [press.status_code for press in presses] == [303, 303]
    assert consents.letters(alice) == []


@pytest.mark.parametrize("kind", [P.MEASUREMENT, P.PERSONALISATION, P.LOCATION])
def test_there_is_no_link_for_what_is_no_advertising(app, kind):
    with app.app_context(), pytest.raises(KeyError):
        unsubscribing.link(new_id(), kind)


def test_the_link_is_https_like_the_portal_names_two_things_and_comes_back(app):
    user_id = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abcd")
    with app.app_context():
        link = unsubscribing.link(user_id, P.SURVEYS)

        assert link.startswith(app.extensions["settings"].base_url + "/unsubscribe/")
        assert unsubscribing.read(link.rpartition("/")[2]) == (user_id, P.SURVEYS)
        assert len(link.rpartition("/")[2]) == unsubscribing.TOKEN_LENGTH


def test_the_audit_chain_names_nobody_as_the_actor(app, make_customer, anybody, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)

    anybody.post(consents.link(alice.id, P.EVENTS), ONE_CLICK)

    with app.app_context():
        actors = db.session.scalars(select(AuditEntry.actor_id).where(AuditEntry.act == "consent.withdrawn")).all()
    assert actors == [None]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_speaks_the_letters_language(make_customer, app, consents, language):
    alice = make_customer(locale=language).admin
    consents.decide(alice, P.EVENTS)

    page = Browse(app, language="en" if language == "vi" else "vi", cookies=False).get(
        consents.link(alice.id, P.EVENTS)
    )

    assert f'<html lang="{language}"' in page.get_data(as_text=True)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_clause_9_3_the_confirmation_says_what_when_and_from_when_and_no_advertising(
    make_customer, anybody, consents, work, mailbox, language
):
    alice = make_customer(full_name="Nguyễn Thị Hoài Thương", locale=language, email="alice@example.com").admin
    for kind in (P.EVENTS, P.ACCOMMODATION):
        consents.decide(alice, kind)

    anybody.submit(consents.link(alice.id, P.EVENTS), {"which": "marketing"})
    work()

    letter = mailbox.wait_for(alice.email, "consents/unsubscribed")
    assert_golden(letter, GOLDEN / f"unsubscribed.{language}.txt")
    assert letter.message["List-Unsubscribe"] is None
    assert "[QC]" not in letter.subject


def bare(page: str, link: str) -> list[str]:
    """A page without its form tokens and its own address."""
    return [line for line in page.replace(link, "").splitlines() if "csrf_token" not in line]
