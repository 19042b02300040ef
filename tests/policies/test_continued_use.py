"""Continued use after an announcement (clause 12.4; DECISIONS 19): shown first, counted later, never a consent."""

from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.database import db
from portal.policies import acceptance, service, versions
from portal.policies.models import PolicyAcceptance, PolicyKind

BANNER = "Privacy policy: a new version"


@pytest.fixture
def bound(app):
    """Which versions bind a user, and by which way."""

    def read(user):
        with app.app_context():
            rows = db.session.scalars(db.select(PolicyAcceptance).where(PolicyAcceptance.user_id == user.id))
            return [(row.kind.value, row.number, row.way.value) for row in rows]

    return read


def change_something(browser):
    return browser.submit("/profile", {"full_name": "Lê Văn Bình", "contact_address": "", "locale": "en"})


def text(browser, path="/overview"):
    return browser.get(path).get_data(as_text=True)


def test_clause_12_4_the_banner_says_from_when_and_how_to_object_or_leave(browse_as, make_customer, documents):
    alice = make_customer().admin
    documents.first()
    documents.announce()

    page = text(browse_as(alice))

    assert BANNER in page
    assert 'href="/privacy-policy/compare?to=2"' in page
    banner = page.partition(BANNER)[2][:900]
    assert 'href="/contact"' in banner
    assert 'href="/close-account"' in banner


def test_clause_12_4_the_first_post_after_the_banner_is_recorded(browse_as, make_customer, documents, bound):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    browser = browse_as(alice)
    text(browser)

    assert change_something(browser).status_code == 303

    assert bound(alice) == [("privacy", 2, "first-post")]
    assert BANNER not in text(browser)


def test_a_post_before_the_banner_was_shown_counts_for_nothing(browse_as, make_customer, documents, bound):
    alice = make_customer().admin
    browser = browse_as(alice)
    form = browser.get("/profile")
    documents.first()
    documents.announce()

    browser.post("/locale", {"locale": "en"})
    browser.submit("/profile", {"full_name": ""}, page="/profile")

    assert form.status_code == 200
    assert bound(alice) == []


def test_clause_12_4_nothing_counts_before_the_day_of_effect(
    browse_as, make_customer, documents, bound, move_clock, app
):
    alice = make_customer().admin
    documents.first()
    with app.app_context():
        in_a_week = versions.day_of(clock.now()) + timedelta(days=7)
    documents.announce(effective_on=in_a_week)
    browser = browse_as(alice)

    text(browser)
    change_something(browser)
    early = bound(alice)
    move_clock(days=8)
    later = browse_as(alice)
    text(later)

    assert early == []
    assert bound(alice) == [("privacy", 2, "first-page")]


def test_a_page_in_the_same_session_is_no_continued_use(browse_as, make_customer, documents, bound):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    browser = browse_as(alice)

    for _ in range(3):
        text(browser)

    assert bound(alice) == []


@pytest.mark.parametrize("path", ["/sign-out", "/locale", "/contact", "/close-account"])
def test_objecting_leaving_and_signing_out_are_no_use(browse_as, make_customer, documents, bound, path):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    browser = browse_as(alice)
    text(browser)

    page = path if path in ("/contact", "/close-account") else "/overview"
    fields = {
        "locale": "en",
        "scope": "customer",
        "confirm": "y",
        "full_name": "A",
        "email": alice.email,
        "subject": "x",
        "body": "No.",
    }
    reply = browser.submit(path, fields, page=page)

    assert reply.status_code < 500
    assert bound(alice) == []


def test_reading_the_documents_after_signing_in_again_is_no_use(browse_as, make_customer, documents, bound):
    alice = make_customer().admin
    documents.first()
    documents.announce()
    text(browse_as(alice))

    again = browse_as(alice)
    text(again, "/privacy-policy/compare")

    assert bound(alice) == []


def test_a_minor_version_brings_no_banner(browse_as, make_customer, documents):
    alice = make_customer().admin
    documents.first()
    documents.publish(documents.draft())

    assert BANNER not in text(browse_as(alice))


def test_clause_1_2_signing_up_binds_to_both_documents_in_force(app, make_customer, bound, browse_as):
    alice = make_customer().admin
    with app.app_context():
        service.publish_shipped()
        db.session.commit()
        acceptance.agreed_at_sign_up(alice)
        db.session.commit()

    assert sorted(bound(alice)) == [("privacy", 1, "sign-up"), ("terms", 1, "sign-up")]
    assert BANNER not in text(browse_as(alice))


def test_who_agreed_to_a_version_is_not_asked_again(app, make_customer, documents, browse_as):
    documents.first()
    documents.announce()
    bob = make_customer().admin
    with app.app_context():
        acceptance.agreed_at_sign_up(bob)
        db.session.commit()

    assert BANNER not in text(browse_as(bob))


def test_both_documents_have_a_banner_of_their_own(browse_as, make_customer, documents):
    alice = make_customer().admin
    for kind in PolicyKind:
        documents.publish(documents.draft(kind=kind), severity="major", kind=kind)

    page = text(browse_as(alice))

    assert BANNER in page
    assert "Terms of Service: a new version" in page


def test_the_banner_costs_one_statement_a_page(browse_as, make_customer, documents, statements):
    browser = browse_as(make_customer().admin)
    documents.first()
    documents.announce()
    text(browser)

    with statements() as seen:
        text(browser, "/profile")

    assert sum("policy_shown" in statement for statement in seen) == 1
