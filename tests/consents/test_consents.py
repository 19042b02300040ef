"""The consents page: nothing is given by itself, each switch is one act, and withdrawing is as easy as giving."""

import re

import pytest

from portal.consents import wording
from portal.consents.models import GRANTED_WORDS, ConsentWay
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.notices.models import DeliveryState
from portal.transparency.values import readable
from tests.support.browse import hidden_of

P = ConsentPurpose


@pytest.mark.parametrize("kind", MARKETING)
def test_clause_4_5_each_kind_of_marketing_is_off_until_it_alone_is_given(make_customer, browse_as, consents, kind):
    alice = make_customer().admin
    browser = browse_as(alice)
    assert consents.given(alice) == set()

    reply = browser.submit(f"/consents/{kind}", {"granted": "yes"}, page="/consents")

    assert reply.status_code == 303
    assert consents.given(alice) == {kind}


def test_clause_4_5_signing_up_and_going_on_gives_nothing(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)

    for path in ("/overview", "/consents", "/consents/history", "/my-data"):
        browser.get(path)
    browser.submit("/profile", {"full_name": "Alice Tran", "contact_address": "", "locale": "en"})

    assert consents.entries(alice) == []


@pytest.mark.parametrize("purpose", list(P))
def test_clause_9_3_every_consent_is_withdrawn_by_one_press_as_it_was_given(
    make_customer, browse_as, consents, purpose
):
    alice = make_customer().admin
    browser = browse_as(alice)
    browser.submit(f"/consents/{purpose}", {"granted": "yes"}, page="/consents")

    reply = browser.submit(f"/consents/{purpose}", {"granted": "no"}, page="/consents")

    assert reply.status_code == 303
    assert consents.given(alice) == set()
    assert [(entry.granted, entry.way) for entry in consents.entries(alice)] == [
        (True, ConsentWay.SWITCH),
        (False, ConsentWay.SWITCH),
    ]


def test_clause_6_2_location_is_asked_as_sensitive_data_and_denied_by_one_press(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)
    asked = card(browser.get("/consents").get_data(as_text=True), P.LOCATION)
    browser.submit("/consents/location", {"granted": "yes"}, page="/consents")

    browser.submit("/consents/location", {"granted": "no"}, page="/consents")

    assert "sensitive personal data" in asked
    assert consents.given(alice) == set()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_card_shows_all_words_of_its_purpose(app, make_customer, browse_as, language):
    alice = make_customer(locale=language).admin
    with app.app_context():
        wordings = {purpose: wording.of(purpose, language) for purpose in P}

    page = browse_as(alice).get("/consents").get_data(as_text=True)

    for purpose, words in wordings.items():
        shown = card(page, purpose)
        assert [said for said in vars(words).values() if escaped(said) not in shown] == [words.controller, words.rights]
        assert escaped(words.controller) in page
        assert escaped(words.rights) in page


def test_the_page_says_how_a_purpose_stands_and_offers_the_other_act(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)
    before = card(browser.get("/consents").get_data(as_text=True), P.SURVEYS)
    consents.decide(alice, P.SURVEYS)

    after = card(browser.get("/consents").get_data(as_text=True), P.SURVEYS)

    assert "never given" in before
    assert 'value="yes"' in before
    assert "Given" in after
    assert 'value="no"' in after


def test_a_missing_or_odd_decision_is_refused_and_changes_nothing(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)
    hidden = hidden_of(browser.get("/consents"))

    odd = ({}, *({"granted": word} for word in ("", "maybe", "2", "None", "ja", "yes no", "\x00", "yes" * 999)))
    replies = [browser.post("/consents/promotions", {**hidden, **said}) for said in odd]

    assert [reply.status_code for reply in replies] == [422] * len(odd)
    assert all("Nothing was changed" in reply.get_data(as_text=True) for reply in replies)
    assert consents.entries(alice) == []


def test_an_unknown_purpose_is_not_found(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)
    hidden = hidden_of(browser.get("/consents"))

    names = ("everything", "marketing", "PROMOTIONS", "promotions%00")
    codes = [browser.post(f"/consents/{name}", {**hidden, "granted": "yes"}).status_code for name in names]

    assert codes == [404] * len(names)
    assert consents.entries(alice) == []


def test_nobody_agrees_to_words_that_changed_while_the_page_was_open(make_customer, browse_as, consents):
    alice = make_customer().admin
    browser = browse_as(alice)

    reply = browser.submit("/consents/promotions", {"granted": "yes", "words": "0" * 64}, page="/consents")

    assert reply.status_code == 422
    assert "changed while the page was open" in reply.get_data(as_text=True)
    assert consents.entries(alice) == []


def test_the_language_kept_is_that_of_the_words_on_the_page_not_of_the_moment(app, make_customer, browse_as, consents):
    alice = make_customer(locale="en").admin
    browser = browse_as(alice)
    with app.app_context():
        shown = wording.of(P.SURVEYS, "vi").sha256

    browser.submit("/consents/surveys", {"granted": "yes", "words": shown}, page="/consents")

    assert [(entry.locale, entry.words_sha256) for entry in consents.entries(alice)] == [("vi", shown)]


def test_another_sites_form_changes_nothing(make_customer, browse_as, consents):
    alice = make_customer().admin

    reply = browse_as(alice).post("/consents/promotions", {"granted": "yes"})

    assert reply.status_code == 400
    assert consents.entries(alice) == []


def test_all_advertising_is_withdrawn_by_one_button_and_nothing_else(make_customer, browse_as, consents):
    alice = make_customer().admin
    for purpose in P:
        consents.decide(alice, purpose)

    reply = browse_as(alice).submit("/consents/marketing/withdraw", page="/consents")

    assert reply.status_code == 303
    assert consents.given(alice) == set(P) - set(MARKETING)


def test_withdrawing_cancels_waiting_letters_of_that_kind_at_once_and_writes_none(
    make_customer, browse_as, consents, campaign
):
    alice, bao = make_customer().admin, make_customer().admin
    for person in (alice, bao):
        for purpose in (P.PROMOTIONS, P.EVENTS):
            consents.decide(person, purpose)
    promotions, events = campaign(P.PROMOTIONS, alice, bao), campaign(P.EVENTS, alice, bao)

    browse_as(alice).submit("/consents/promotions", {"granted": "no"}, page="/consents")

    assert promotions() == [DeliveryState.CANCELLED, DeliveryState.QUEUED]
    assert events() == [DeliveryState.QUEUED, DeliveryState.QUEUED]
    assert consents.letters(alice) == []


def test_while_the_account_closes_withdrawing_goes_on_and_agreeing_does_not(app, make_customer, browse_as, consents):
    alice = make_customer().admin
    consents.decide(alice, P.EVENTS)
    browser = browse_as(alice)
    hidden = hidden_of(browser.get("/consents"))
    browser.submit("/close-account", {"scope": "me", "reason": "", "confirm": "y"})
    assert "Your account is closing" in browser.get("/consents").get_data(as_text=True)

    agreed = browser.post("/consents/surveys", {**hidden, "granted": "yes"})
    withdrawn = browser.post("/consents/events", {**hidden, "granted": "no"})

    assert agreed.headers["Location"] == "/close-account"
    assert withdrawn.status_code == 303
    assert consents.given(alice) == set()
    assert len(consents.entries(alice)) == 2


def test_my_data_shows_each_decision_in_words(make_customer, browse_as, consents):
    alice = make_customer().admin
    consents.decide(alice, P.SURVEYS)
    consents.decide(alice, P.SURVEYS, granted=False)

    page = browse_as(alice).get("/my-data/consents").get_data(as_text=True)

    for said in ("Surveys", "Given", "Withdrawn or refused", "By the switch on the consents page"):
        assert said in page
    assert 'href="/consents"' in page


def test_a_copy_of_ones_data_tells_a_decision_in_words_too(app):
    with app.test_request_context():
        said = [readable(granted, GRANTED_WORDS) for granted in (True, False)]

    assert said == ["Đã đồng ý", "Đã rút lại hoặc từ chối"]


def card(page: str, purpose: ConsentPurpose) -> str:
    """What one purpose's card shows."""
    found = re.search(rf'<section class="card" id="{purpose}">.*?</section>', page, re.S)
    assert found, f"no card of {purpose}"
    return found[0]


def escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&#34;")
