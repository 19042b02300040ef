"""The letter about a major change, word for word as people get it. Golden texts lie in golden/."""

from datetime import date
from pathlib import Path

import pytest

from portal.accounts.models import Kind
from portal.consents.purposes import ConsentPurpose
from portal.policies.models import PolicyKind
from tests.support.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"
DAY = date(2099, 3, 1)
SUMMARIES = {
    "summary_en": "We say more plainly which letters you get, and what Google and Facebook tell us.",
    "summary_vi": "Chúng tôi nói rõ hơn bạn nhận những thư nào, và Google, Facebook cho chúng tôi biết những gì.",
}
CHANGES = ("2.2", "4.3", "4.5", "5.2")


@pytest.fixture
def nothing_on(make_customer):
    return lambda locale: make_customer(full_name="Nguyễn Thị Hoài Thương", locale=locale).admin


@pytest.fixture
def marketing_and_google(make_customer, allow, link):
    def make(locale):
        reader = make_customer(full_name="Trần Văn Bình", locale=locale).admin
        allow(reader, ConsentPurpose.PROMOTIONS)
        link(reader, "google")
        return reader

    return make


@pytest.fixture
def admin_of_organisation(make_customer):
    return lambda locale: make_customer(Kind.ORGANISATION, full_name="Lê Thị Chi", locale=locale).admin


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("person", ["nothing_on", "marketing_and_google", "admin_of_organisation"])
def test_clause_12_3_the_letter_says_what_changes_for_this_person(request, shipped, work, mailbox, locale, person):
    reader = request.getfixturevalue(person)(locale)
    shipped.change(*CHANGES, effective_on=DAY, **SUMMARIES)
    work()

    letter = mailbox.wait_for(reader.email)

    assert_golden(letter, GOLDEN / f"changed-privacy-{person.replace('_', '-')}.{locale}.txt")
    for link in ("compare?from=1&amp;to=2", "/contact", "/close-account"):
        assert link in letter.html
    assert letter.html.count("<li>") == letter.text.count("\n• ") == 3


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_clause_12_3_the_letter_about_the_terms(make_customer, shipped, work, mailbox, locale):
    reader = make_customer(Kind.ORGANISATION, full_name="Lê Thị Chi", locale=locale).admin
    shipped.change("3.2", "4.1", kind=PolicyKind.TERMS, effective_on=DAY)
    work()

    assert_golden(mailbox.wait_for(reader.email), GOLDEN / f"changed-terms.{locale}.txt")


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_letter_about_a_first_version(make_customer, documents, work, mailbox, locale):
    reader = make_customer(full_name="Phạm Dũng", locale=locale).admin
    documents.publish(documents.draft(), severity="major", effective_on=DAY)
    work()

    assert_golden(mailbox.wait_for(reader.email), GOLDEN / f"changed-first.{locale}.txt")


def test_the_letters_headers_are_those_of_the_contract(make_customer, documents, work, mailbox):
    reader = make_customer().admin
    documents.announce()
    work()

    message = mailbox.wait_for(reader.email).message

    assert message["X-Portal-Letter"] == "policies/changed"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == reader.email
    assert message["Message-ID"].startswith("<notice-")
    assert message["Date"]
    assert message["List-Unsubscribe"] is None


def test_a_summary_with_markup_and_template_words_is_shown_as_typed(make_customer, documents, work, mailbox):
    reader = make_customer().admin
    typed = "<b>Bold</b> {{ 7*7 }} %(name)s {0}"
    documents.announce(summary_en=typed, summary_vi=typed)
    work()

    letter = mailbox.wait_for(reader.email)

    assert typed in letter.text
    assert "&lt;b&gt;Bold&lt;/b&gt; {{ 7*7 }} %(name)s {0}" in letter.html
