"""The living policy: beside each clause the control that keeps it, and how it stands for who reads (DESIGN)."""

import re
from datetime import timedelta

import pytest

from portal.accounts.models import User
from portal.consents.purposes import ConsentPurpose
from portal.core import clock
from portal.core.database import db
from tests.policies.conftest import Shipped

PAGE = "/privacy-policy"


@pytest.fixture
def clause(app):
    """What stands beside a clause, as words."""

    def read(browser, number, path=PAGE):
        page = browser.get(path).get_data(as_text=True)
        part = page.partition(f'id="c-{number.replace(".", "-")}"')[2]
        part = re.split(r"</section>|<section", part)[0]
        beside = part.partition('class="clause-state"')[2]
        return " ".join(re.sub(r"<[^>]+>", " ", beside.partition(">")[2]).split())

    return read


def test_clause_12_1_marketing_stands_beside_its_clause_with_the_day(browse_as, make_customer, shipped, allow, clause):
    alice = make_customer().admin
    shipped.publish()
    browser = browse_as(alice)
    before = clause(browser, "4.5")
    allow(alice, ConsentPurpose.PROMOTIONS, ConsentPurpose.SURVEYS)
    allow(alice, ConsentPurpose.SURVEYS, granted=False)

    after = clause(browser, "4.5")

    assert before.startswith("Marketing mail Promotions: off Featured events: off New services: off Surveys: off")
    assert re.match(r"Marketing mail Promotions: on since \w+ \d+, \d{4} Featured events: off", after)
    assert re.search(r"Surveys: off since \w+ \d+, \d{4} Accommodation", after)
    assert 'href="/consents"' in browser.get(PAGE).get_data(as_text=True)


def test_who_gets_in_stands_beside_the_clause_about_access(browse_as, make_customer, shipped, link, clause):
    alice = make_customer().admin
    shipped.publish()
    link(alice, "google")
    browser, other = browse_as(alice), browse_as(alice)
    assert other.get(PAGE).status_code == 200

    assert "2 devices signed in 0 passkeys Second step: off" in clause(browser, "1.1")
    assert re.search(r"Google: linked since \w+ \d+, \d{4} Facebook: not linked", clause(browser, "4.3"))


def test_clause_8_2_the_days_that_are_left_stand_beside_it(app, browse_as, make_customer, shipped, clause):
    alice = make_customer().admin
    shipped.publish()
    browser = browse_as(alice)
    assert "Your account is not closing" in clause(browser, "8.2")
    with app.app_context():
        db.session.get_one(User, alice.id).closing_since = clock.now() - timedelta(days=2, hours=1)
        db.session.commit()

    assert "Your account is closing: 28 days left" in clause(browser, "8.2")


def test_clause_12_4_the_version_that_binds_stands_beside_it(browse_as, make_customer, shipped, clause):
    alice = make_customer().admin
    shipped.change("4.5")
    browser = browse_as(alice)
    before = clause(browser, "12.4")
    browser.get("/overview")
    browser.submit("/profile", {"full_name": "Lê Văn Bình", "contact_address": "", "locale": "en"})

    assert "No version binds you yet" in before
    assert "You are bound by version 2 since" in clause(browser, "12.4")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4.4", "Measuring traffic: off Personalisation: off"),
        ("5.2", "Essential cookies: always Measuring traffic: off"),
        ("6.1", "Location: off"),
        ("9.1", "Everything held about you"),
        ("9.1", "No copy is waiting for you"),
        ("9.3", "0 consents are given now"),
        ("13.1", "support@smartos.space"),
    ],
)
def test_other_controls_stand_beside_their_clauses(browse_as, make_customer, shipped, clause, number, words):
    shipped.publish()

    assert words in clause(browse_as(make_customer().admin), number)


def test_signed_out_the_control_is_shown_without_a_state(browse, shipped, clause):
    shipped.publish()

    assert clause(browse, "4.5") == "Marketing mail Sign in to see yours : Marketing mail"
    assert "since" not in clause(browse, "1.1")


def test_nothing_stands_beside_old_versions_comparisons_and_the_terms(browse_as, make_customer, shipped):
    shipped.change("4.5")
    browser = browse_as(make_customer().admin)

    for path in ("/privacy-policy/versions/1", "/privacy-policy/versions/2", "/privacy-policy/compare", "/terms"):
        assert "clause-state" not in browser.get(path).get_data(as_text=True)


def test_a_text_of_other_numbers_has_a_control_only_where_it_speaks_of_it(browse_as, make_customer, documents, clause):
    text = (
        "1. About\nWho we are.\n2. More\nMore.\n3. Yet more\nMore.\n4. Rooms\n4.1 Beds: We have beds.\n"
        "5. Cookies\nWe use one cookie.\n6. Opening hours\nAlways.\n"
    )
    documents.publish(documents.draft(text, text))
    browser = browse_as(make_customer().admin)

    page = browser.get(PAGE).get_data(as_text=True)

    assert page.count('class="clause-state"') == 1
    article = page.partition('id="c-5"')[2].partition("</article>")[0]
    assert "Essential cookies: always" in article


def test_the_living_policy_costs_eight_statements_at_most(browse_as, make_customer, shipped, allow, statements):
    alice = make_customer().admin
    shipped.publish()
    allow(alice, ConsentPurpose.PROMOTIONS, ConsentPurpose.MEASUREMENT)
    browser = browse_as(alice)

    with statements() as seen:
        assert browser.get(PAGE).status_code == 200

    assert len(seen) <= 8, seen


def test_each_control_leads_to_a_page_that_is_there(app, browse_as, make_customer, shipped: Shipped):
    shipped.publish()
    browser = browse_as(make_customer().admin)
    page = browser.get(PAGE).get_data(as_text=True)

    links = set(re.findall(r'<p><a href="([^"]+)">See or change', page))

    assert len(links) >= 7
    assert {path: browser.get(path).status_code for path in links} == dict.fromkeys(links, 200)
