"""What people of Smartos write arrives as words: in the house's layout, never as a template, markup or header."""

from html import unescape
from pathlib import Path

import pytest

from tests.support.desk import CAMPAIGN, NOTICE, agree, draft, press, submit
from tests.support.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "{{7*7}} {% raw %} ${{7*7}} #{7*7} {0.__class__} %(full_name)s %s <%= 7*7 %>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;</p></div>",
    "a@example.com\r\nBcc: b@example.com",
    '=HYPERLINK("http://x") +84905 @SUM(1)',
    ".\nQUIT\n..\n",
)


@pytest.fixture
def lan(make_operator, browse_as):
    return browse_as(make_operator())


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("kind", ["service", "campaign"])
def test_letters_read_as_they_always_did(app, make_customer, lan, work, mailbox, locale, kind):
    reader = make_customer(full_name="Nguyễn Thị Hoài Thương", company_name="Nhà nghỉ Sông Hàn", locale=locale).admin
    agree(app, reader)
    page = draft(lan, kind="campaigns") if kind == "campaign" else draft(lan, {"link": CAMPAIGN["link"], **labels()})

    submit(lan, page)
    work()

    assert_golden(mailbox.wait_for(reader.email, f"notices/{kind}"), GOLDEN / f"{kind}.{locale}.txt")


def labels() -> dict[str, str]:
    return {"link_label_vi": "Xem tình trạng", "link_label_en": "See the state"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_stay_words(make_customer, lan, work, mailbox, hostile):
    reader = make_customer(full_name="{company_name} {{7*7}} <b>Eve</b>", company_name="{full_name}").admin
    line = " ".join(hostile.split())
    page = draft(lan, {"subject_en": line[:150], "body_en": f"Hello {{full_name}}.\n\n{hostile}\n\nEnd."})

    submit(lan, page)
    work()

    letter = mailbox.wait_for(reader.email, "notices/service")
    assert letter.subject.strip() == line[:150]
    assert "Hello {company_name} {{7*7}} <b>Eve</b>." in letter.text
    for part in (line for line in hostile.splitlines() if line.strip()):
        assert part.strip() in letter.text
        assert part.strip() in unescape(letter.html)
    assert "<script" not in letter.html
    assert "onerror=alert(1)>" not in letter.html
    assert "<b>Eve" not in letter.html
    assert letter.message["Bcc"] is None
    assert letter.message["To"] == reader.email


def test_paragraphs_lists_and_placeholders_are_all_there_is(make_customer, lan, work, mailbox):
    reader = make_customer(full_name="Trần Văn An", company_name="Nhà nghỉ Sông Hàn").admin
    body = "Hello {full_name}\nof {company_name},\n\nWe changed:\n- one\n* two\n\n# no heading\n**no bold**"
    page = draft(lan, {"body_en": body})

    submit(lan, page)
    work()

    letter = mailbox.wait_for(reader.email, "notices/service")
    assert "Hello Trần Văn An<br>of Nhà nghỉ Sông Hàn," in letter.html
    assert "- one\n- two\n" in letter.text
    assert letter.html.count("<li") == 2
    assert "**no bold**" in letter.html


def test_who_has_no_company_is_called_by_name(app, make_customer, lan, work, mailbox):
    reader = make_customer(full_name="Trần Văn An").admin
    page = draft(lan, {"body_en": "To {company_name}."})

    submit(lan, page)
    work()

    assert "To Trần Văn An." in mailbox.wait_for(reader.email, "notices/service").text


@pytest.mark.parametrize("hostile", HOSTILE[:2])
def test_no_page_of_personnel_runs_what_was_typed(make_customer, lan, hostile):
    make_customer()
    page = draft(lan, {"subject_en": hostile[:150], "body_en": hostile, "link_label_en": hostile[:60]})

    for path in ("", "/edit", "/send", "/letter/en"):
        shown = lan.get(page + path).get_data(as_text=True)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "49" not in shown.partition("<h1>")[2].partition("</h1>")[0]
    assert "<script>alert" not in lan.get("/staff/notices").get_data(as_text=True)


def test_the_preview_is_the_letter_that_is_sent(make_operator, make_customer, browse_as, work, mailbox):
    officer = make_operator()
    lan = browse_as(officer)
    page = draft(lan)
    shown = lan.get(f"{page}/letter/en")
    words = lan.get(page).get_data(as_text=True)

    submit(lan, page)
    work()

    letter = mailbox.wait_for(officer.email, "notices/service")
    assert shown.get_data(as_text=True).split() == letter.html.split()
    assert letter.text.strip() in unescape(words).replace("\r\n", "\n")


def test_a_preview_is_shut_in_and_framed_by_the_portal_alone(lan):
    page = draft(lan)

    letter, around = lan.get(f"{page}/letter/vi"), lan.get(page)

    assert letter.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert "frame-ancestors 'self'" in letter.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in around.headers["Content-Security-Policy"]
    assert 'sandbox src="' in around.get_data(as_text=True)
    assert lan.get(f"{page}/letter/fr").status_code == 404


def test_a_test_is_a_real_letter_to_oneself_in_both_languages(make_operator, make_customer, browse_as, work, mailbox):
    officer = make_operator()
    make_customer()
    lan = browse_as(officer)
    page = draft(lan, kind="campaigns")

    press(lan, page, "test")
    work()

    letters = mailbox.letters(letter="notices/campaign")
    assert {letter.recipient for letter in letters} == {officer.email}
    assert {letter.subject for letter in letters} == {
        "TEST · [QC] 20% off this month",
        "THƯ THỬ · [QC] Giảm 20% tháng này",
    }
    assert all(officer.full_name in letter.text and "/unsubscribe/" in letter.text for letter in letters)
    assert lan.state(page) == "draft"


def test_a_test_of_a_half_draft_sends_the_language_that_is_there(make_operator, browse_as, work, mailbox):
    officer = make_operator()
    lan = browse_as(officer)
    press(lan, draft(lan, {"body_vi": ""}), "test")
    nothing = press(lan, draft(lan, {**dict.fromkeys(NOTICE, "")}), "test")

    work()

    assert [letter.subject for letter in mailbox.letters(officer.email)] == ["TEST · Maintenance on Saturday night"]
    assert nothing.status_code == 303
