"""What the browser was told and what the ledger says: the narrower counts."""

import re

from portal.consents import choices, service
from portal.consents.models import ConsentWay
from portal.consents.purposes import ConsentPurpose
from portal.core.database import db
from tests.consents.conftest import BOTH, ONLY_SQLITE, banner_of, set_by
from tests.support.browse import Browse


def may(app, user, purpose=ConsentPurpose.MEASUREMENT, **asked):
    """What a view would be told at a request of this person."""
    browser = Browse(app)
    browser.sign_in(user)
    cookies = {"Cookie": "; ".join([f"sid={browser.client.get_cookie('sid').value}", *asked.get("cookies", ())])}
    with app.test_request_context("/", headers=cookies | asked.get("headers", {})):
        return choices.may(purpose)


def give(app, user, purpose=ConsentPurpose.MEASUREMENT, *, granted=True):
    with app.test_request_context("/"):
        user = db.session.merge(user, load=True)
        service.decide(user, purpose, granted=granted, way=ConsentWay.SWITCH, page="/consents")
        db.session.commit()


def test_for_who_is_signed_in_the_ledger_says_what_may_be_done(app, make_customer):
    alice = make_customer().admin

    said = [may(app, alice)]
    for granted in (True, False):
        give(app, alice, granted=granted)
        said.append(may(app, alice))

    assert said == [False, True, False]


@ONLY_SQLITE
def test_the_narrower_of_browser_and_ledger_counts(app, make_customer):
    alice, bob = make_customer().admin, make_customer().admin
    give(app, alice)

    assert may(app, alice, cookies=["choices=measurement-yes.preferences-no"])
    assert not may(app, alice, cookies=["choices=measurement-no.preferences-no"])
    assert not may(app, bob, cookies=["choices=measurement-yes.preferences-yes"])


@ONLY_SQLITE
def test_what_was_withdrawn_elsewhere_ends_in_this_browser_at_the_next_page(app, browse_as, make_customer):
    person = make_customer().admin
    alice = browse_as(person)
    alice.client.set_cookie("locale", "en")
    alice.submit("/cookies", BOTH)

    give(app, person, ConsentPurpose.PERSONALISATION, granted=False)
    cookies = set_by(alice.get("/overview"))

    assert cookies["choices"].startswith("choices=measurement-yes.preferences-no;")
    assert "Max-Age" not in cookies["locale"]


@ONLY_SQLITE
def test_a_switch_turned_on_the_page_of_consents_counts_in_this_browser(browse_as, make_customer):
    alice = browse_as(make_customer().admin)
    page = alice.get("/consents").get_data(as_text=True)
    form = page.partition('action="/consents/measurement"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))

    reply = alice.post("/consents/measurement", fields)

    assert set_by(reply)["choices"].startswith("choices=measurement-yes.preferences-no;")
    assert banner_of(alice.get("/overview")) is None


@ONLY_SQLITE
def test_pages_ask_the_ledger_only_for_who_allowed_something_here(app, browse_as, make_customer, statements):
    alice = browse_as(make_customer().admin)
    costs = []
    for fields in (None, {}, BOTH):
        if fields is not None:
            alice.submit("/cookies", fields)
        with statements() as seen:
            alice.get("/profile")
        costs.append(len([one for one in seen if "consent_entry" in one]))

    assert costs == [0, 0, 1]
