"""The letter about a major change, word for word as people get it. Golden texts lie in golden/."""

from datetime import date
from pathlib import Path

import pytest

from portal.policies.models import PolicyKind

GOLDEN = Path(__file__).parent / "golden"
SUMMARIES = {
    "summary_en": "We keep your visits for ninety days instead of twelve months.",
    "summary_vi": "Chúng tôi giữ lượt truy cập của bạn trong chín mươi ngày thay vì mười hai tháng.",
}


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("kind", list(PolicyKind))
def test_clause_12_3_the_letter_says_what_changes_from_when_and_what_to_do(
    make_customer, documents, work, mailbox, move_clock, locale, kind
):
    reader = make_customer(full_name="Nguyễn Thị Hoài Thương", locale=locale).admin
    documents.first(kind)
    documents.publish(
        documents.draft(kind=kind), severity="major", kind=kind, effective_on=date(2099, 3, 1), **SUMMARIES
    )
    work()

    letter = mailbox.wait_for(reader.email)

    golden = GOLDEN / f"changed-{kind.value}.{locale}.txt"
    assert f"{letter.subject}\n\n{letter.text}" == golden.read_text(encoding="utf-8")
    for link in ("compare?from=1&amp;to=2", "/contact", "/close-account"):
        assert link in letter.html


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
