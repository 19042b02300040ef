"""The documents as anyone reads them (clauses 1.2, 12.1, 12.2)."""

import re

import pytest

from portal.core import clock
from portal.core.database import db
from portal.policies import service, versions
from portal.policies.models import PolicyKind, Severity
from tests.support.browse import Browse

PAGES = ("/privacy-policy", "/terms")


@pytest.mark.parametrize("path", PAGES)
def test_before_anything_is_published_the_page_says_so(browse, path):
    reply = browse.get(path)

    assert reply.status_code == 404
    assert "Nothing is published yet" in reply.get_data(as_text=True)
    assert browse.get(f"{path}/versions").status_code == 200
    assert browse.get(f"{path}/compare").status_code == 404


def test_clause_12_1_the_version_in_force_is_linked_from_the_footer_of_every_page(browse, documents):
    documents.first()

    footer = browse.get("/sign-in").get_data(as_text=True).partition("<footer")[2]

    for path in re.findall(r'href="(/(?:privacy-policy|terms))"', footer):
        assert path in PAGES
    assert 'href="/privacy-policy"' in footer
    assert browse.get("/privacy-policy").status_code == 200


def test_clause_1_2_the_shipped_policy_and_terms_name_all_three_products(app, browse):
    with app.app_context():
        service.publish_shipped()
        db.session.commit()

    for path in PAGES:
        page = browse.get(path).get_data(as_text=True)
        for product in ("Smartos PMS", "Smartos Bespoke Solution", "Smartos Booking"):
            assert product in page


def test_the_shipped_texts_are_published_once(app):
    with app.app_context():
        service.publish_shipped()
        db.session.commit()
        service.publish_shipped()
        db.session.commit()

        assert [version.number for version in versions.every(PolicyKind.PRIVACY)] == [1]


def test_every_clause_has_its_own_address(browse, documents):
    documents.first()

    page = browse.get("/privacy-policy").get_data(as_text=True)

    assert [f'id="{anchor}"' in page for anchor in ("c-1", "c-1-1", "c-2")] == [True] * 3
    assert 'href="#c-2"' in page


def test_the_language_switch_shows_the_other_language(browse, documents):
    documents.first()

    before = browse.get("/privacy-policy").get_data(as_text=True)
    browse.submit("/locale", {"locale": "vi"}, page="/privacy-policy")
    after = browse.get("/privacy-policy").get_data(as_text=True)

    assert "Your rights" in before
    assert "Quyền của bạn" in after


def test_reading_leaves_no_cookie(app, documents):
    documents.first()
    visitor = Browse(app)

    for path in (
        "/privacy-policy",
        "/privacy-policy/versions",
        "/privacy-policy/versions/1",
        "/privacy-policy/compare",
    ):
        assert "Set-Cookie" not in visitor.get(path).headers


def test_drafts_are_not_public(browse, documents):
    documents.first()
    draft = documents.draft()

    assert browse.get(f"/privacy-policy/versions/{draft}").status_code == 404
    assert browse.get(f"/privacy-policy/compare?from=1&to={draft}").status_code == 404
    assert f"Version {draft}" not in browse.get("/privacy-policy/versions").get_data(as_text=True)


@pytest.mark.parametrize(
    "query", ["from=0", "from=-1", "to=1e9", "from=x&to=y", "to=%F0%9F%98%80", "from=" + "9" * 400]
)
def test_a_comparison_of_what_is_not_there_is_not_there(browse, documents, query):
    documents.first()

    assert browse.get(f"/privacy-policy/compare?{query}").status_code == 404


def test_clause_12_1_any_two_versions_are_compared_word_by_word(browse, documents):
    documents.first()
    documents.publish(documents.draft())

    page = browse.get("/privacy-policy/compare?from=1&to=2").get_data(as_text=True)
    back = browse.get("/privacy-policy/compare?from=2&to=1").get_data(as_text=True)

    assert re.search(r"<del>twelve\s+months\.?\s*</del>", page)
    assert re.search(r"<ins>ninety\s+days\.?\s*</ins>", page)
    assert re.search(r"<del>ninety\s+days\.?\s*</del>", back)
    assert "Reworded" in page


def test_a_version_compared_with_itself_differs_in_no_word(browse, documents):
    documents.first()

    page = browse.get("/privacy-policy/compare?from=1&to=1").get_data(as_text=True)

    assert "No word differs" in page


def test_markup_in_a_policy_is_shown_and_never_run(browse, documents):
    hostile = "1. Hello <script>alert(1)</script>\n<img src=x onerror=alert(1)> {{ 7*7 }} [link](javascript:alert(1))\n"
    documents.publish(documents.draft(hostile, hostile))
    documents.publish(documents.draft(hostile + "And more.\n", hostile + "And more.\n"))

    for path in ("/privacy-policy", "/privacy-policy/compare"):
        page = browse.get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
        assert "49" not in page.partition("<main")[2].partition("</main>")[0]


def test_clause_12_2_a_minor_change_sends_nothing_and_stands_in_the_history(
    browse, documents, make_customer, work, mailbox
):
    make_customer()
    documents.first()
    documents.publish(documents.draft(), Severity.MINOR, summary_en="One word was corrected.")

    work()

    assert mailbox.empty()
    assert "One word was corrected." in browse.get("/privacy-policy/versions").get_data(as_text=True)


def test_a_version_takes_effect_on_its_day_and_not_before(app, browse, documents, move_clock):
    documents.first()
    with app.app_context():
        tomorrow = versions.day_of(clock.now()).toordinal() + 1
    day = clock.now().date().fromordinal(tomorrow)
    documents.publish(documents.draft(), effective_on=day)

    today = browse.get("/privacy-policy").get_data(as_text=True)
    move_clock(days=1)
    next_day = browse.get("/privacy-policy").get_data(as_text=True)

    assert "twelve months" in today
    assert "ninety days" in next_day
    assert browse.get("/privacy-policy/versions/1").status_code == 200
