"""A policy officer hands in a text, and it becomes numbered clauses, or says why it cannot."""

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policies.clauses import (
    EmptyText,
    NoHeadings,
    NotText,
    NumbersOutOfOrder,
    TextRefused,
    TooLong,
    canonical,
    decode,
    digest,
    parse,
)

GARDEN = (Path(__file__).parent / "thirteen_articles.txt").read_text(encoding="utf-8")


def numbers(text):
    return [clause.number for clause in parse(text)]


def clause(text, number):
    return next(clause for clause in parse(text) if clause.number == number)


def test_a_plain_text_of_thirteen_articles_becomes_thirteen_articles_with_their_sub_clauses():
    clauses = parse(GARDEN)

    articles = [clause.number for clause in clauses if clause.level == 1]
    assert articles == [str(number) for number in range(1, 14)]
    assert [clause.number for clause in clauses if clause.level == 2] == ["3.1", "3.2", "3.3"]


def test_no_word_of_a_plain_text_is_lost_or_added():
    words_in = GARDEN.replace("guests tell us:", "guests tell us").replace("behind:", "behind")
    words_in = words_in.replace("the door tells us:", "the door tells us")

    words_out = canonical(parse(GARDEN)).replace("#", "").split()

    assert words_out == words_in.split()


def test_a_sub_clause_in_one_line_has_its_title_before_the_colon():
    found = clause(GARDEN, "3.2")

    assert found.title == "What guests leave behind"
    assert found.body == "Umbrellas, mostly. We do not read letters: not even e.g. postcards."


def test_paragraphs_and_bullets_of_a_plain_text_stay_apart():
    body = clause(GARDEN, "4").body

    assert body.startswith("It comes from:\n\n- You, at the desk.\n- The door.\n\nIt is used for:\n\n- Waking you up.")


def test_each_clause_can_be_linked_to():
    assert clause(GARDEN, "3.1").anchor == "c-3-1"


def test_markdown_and_plain_text_of_the_same_words_are_the_same_clauses():
    plain = "1. Welcome\nHello.\n- one\n- two\n2. Rights\n2.1 Yours: Ask us.\n"
    markdown = "## 1. Welcome\n\nHello.\n\n* one\n* two\n\n## 2. Rights\n\n### 2.1 Yours\n\nAsk us.\n"

    assert parse(markdown) == parse(plain)


def test_lines_of_a_markdown_paragraph_belong_together_and_an_asked_for_break_stays():
    text = "## 1. Welcome\n\nIn\nHuế we keep\nwhat you  \ngive us.\n"

    assert clause(text, "1").body == "In Huế we keep what you\\\ngive us."


def test_a_plain_line_that_goes_on_in_the_middle_of_a_sentence_is_joined():
    assert clause("1. Welcome\nWe keep what\nyou give us.\nNothing else.", "1").body == (
        "We keep what you give us.\n\nNothing else."
    )


def test_points_as_vietnamese_law_writes_them_stay_on_lines_of_their_own():
    assert clause("1. Quyền\nBạn có quyền\na) xem;\nđ) xóa.", "1").body == "Bạn có quyền\n\na) xem;\n\nđ) xóa."


def test_articles_may_be_called_dieu():
    assert numbers("Điều 1. Phạm vi\nChữ.\nĐiều 2. Quyền\nChữ.\n2.1 Xem: Chữ.") == ["1", "2", "2.1"]


def test_a_dieu_in_the_middle_of_a_text_is_no_article():
    assert numbers("1. Một\nTheo\nĐiều 2 của Luật này.\n2. Hai\nChữ.") == ["1", "2"]


@pytest.mark.parametrize(
    ("story", "text"),
    [
        ("steps that end like sentences", "1. One\n1. Open the door.\n2. Close it.\n2. Two\nText."),
        ("steps without full stops", "1. One\n1. Open\n2. Close\n3. Go\n2. Two\nText."),
        (
            "a list as long as the articles so far",
            "1. One\n2. Two\nTo do:\n1. a\n2. b\n3. c\n3. Three\nText.",
        ),
        ("a list in the last article", "1. One\n2. Two\n1. a;\n2. b;\n3. c."),
        ("a list in two articles", "1. One\n1. a;\n2. b.\n2. Two\n1. a;\n2. b;\n3. c;\n3. Three"),
    ],
)
def test_a_numbered_list_inside_a_text_is_not_mistaken_for_articles(story, text):
    articles = numbers(text)

    assert articles == [str(number) for number in range(1, len(articles) + 1)], story
    assert [found.title for found in parse(text)] == ["One", "Two", "Three"][: len(articles)]
    assert len(articles) == text.count("One") + text.count("Two") + text.count("Three")


def test_a_figure_at_the_start_of_a_line_is_no_sub_clause():
    text = "3.5 million people\n1. One\n1.1 Rooms: Some.\n1.5 million stars, and\n1.1 above says more."

    assert numbers(text) == ["0", "1", "1.1"]


def test_a_table_of_contents_is_not_taken_for_the_articles():
    text = "Contents\n1. One\n2. Two\n\n1. One\nText.\n2. Two\nMore."

    assert [found.body for found in parse(text)] == ["Contents\n\n1. One\n2. Two", "Text.", "More."]


def test_words_before_the_first_article_are_kept_as_clause_zero():
    preamble = parse("# House rules\n\nIn force today.\n\n## 1. One\n\nText.")[0]

    assert (preamble.number, preamble.title, preamble.body) == ("0", "House rules", "In force today.")


def test_a_title_alone_is_no_clause():
    assert numbers("# House rules\n\n## 1. One\n\nText.") == ["1"]


@pytest.mark.parametrize(
    "text",
    [
        "1. One\nText.\n3. Three\nText.",
        "1. One\n2. Two\n2. Two again\nText.",
        "## 1. One\n\n## 3. Three\n",
        "## 1. One\n\n### 1.1 A\n\n### 1.1 B\n",
        "1. One\n1.1 A: text.\n1.3 C: text.",
        "## 2. Two\n\nText.",
    ],
)
def test_a_missing_or_doubled_number_is_refused_by_its_name(text):
    with pytest.raises(NumbersOutOfOrder) as refusal:
        parse(text)

    assert refusal.value.found in text
    assert refusal.value.reason == "numbers-out-of-order"


@pytest.mark.parametrize(
    ("content", "refusal", "reason"),
    [
        (b"", EmptyText, "empty"),
        (b"\xef\xbb\xbf \n\t\n", EmptyText, "empty"),
        ("\u200b\ufeff".encode(), EmptyText, "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", NotText, "not-text"),
        (b"1. One\x00\nText.", NotText, "not-text"),
        (b"1. One\x1b[31m\nText.", NotText, "not-text"),
        ("1. Một\nChữ.".encode("utf-16"), NotText, "not-text"),
        ("1. Một\nChữ.".encode("cp1258", "replace") + b"\xff", NotText, "not-text"),
        (b"1. One\n" + b"a" * 500_000, TooLong, "too-long"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_with_its_reason(content, refusal, reason):
    with pytest.raises(refusal) as refused:
        decode(content)

    assert refused.value.reason == reason


def test_a_text_without_headings_is_refused():
    with pytest.raises(NoHeadings):
        parse("We keep what you give us.\n- all of it\n\nIntroduction\n")


@pytest.mark.parametrize("text", ["1. One\n\ud800", "1. O" + "\u0301\u0323" * 50_000, "1. One\n" + "ế" * 200_000])
def test_a_typed_text_that_cannot_be_kept_is_refused_at_once(text):
    with pytest.raises((NotText, TooLong)):
        parse(text)


def test_a_text_of_nothing_but_headings_ends_at_a_bound():
    with pytest.raises(TooLong):
        parse("\n".join(f"## {number}. A" for number in range(1, 502)))


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\u2028", "\f"])
def test_a_byte_order_mark_other_line_ends_and_another_form_of_letters_change_nothing(line_end):
    text = "1. Một\nĐịa chỉ của bạn.\n2. Hai\nỔn.\n"
    other = unicodedata.normalize("NFD", text).replace("\n", line_end)

    same = parse(decode(b"\xef\xbb\xbf" + other.encode()))

    assert same == parse(text)
    assert digest(same) == digest(parse(text))


def test_characters_that_nobody_sees_cannot_turn_the_words_around():
    assert clause("1. One\nkept\u202e syad 03 \u2066for\u200b ever", "1").body == "kept syad 03 for ever"


def test_the_digest_tells_one_word_from_another():
    assert digest(parse("1. One\n30 days.")) != digest(parse("1. One\n90 days."))
    assert len(digest(parse(GARDEN))) == 64


@pytest.mark.parametrize(
    "text",
    [
        "1. One\n" + "a\n" * 240_000,
        "1. " + "# " * 240_000 + "x",
        "1. One\n1.1 " + ": " * 240_000 + "x",
        "1. One\n" + "1. x\n2. y\n" * 45_000,
        "1. One\n" + " " * 400_000 + "x",
        "1. One\n" + "-" * 400_000 + "x",
    ],
    ids=["lines", "marks", "colons", "lists", "spaces", "dashes"],
)
def test_a_text_made_to_keep_the_reader_busy_is_read_soon(text):
    started = time.process_time()

    parse(text)

    assert time.process_time() - started < 20


HEADINGS = [
    *("1. One", "2. Two", "3. Three", "4. Four.", "2. " + "Long " * 40, "Điều 2. Hai", "1. a;", "2. b;"),
    *(
        "1.1 Sub: text",
        "1.2 A sentence.",
        "2.1",
        "1.1.1 Deep: 3.2 deeper",
        "1.1 # odd: ## 2. odd.",
        "8.2 Other",
    ),
    *("## 1. One", "## 2. Two #", "### 2.1 Sub:", "## 3.", "1.3 Long " + "x " * 90, "  1.2 In: dented"),
]
OTHERS = [
    *("", "", "# Title", "# :", "## Note", "# 5", "- a", "  - b", "• c", "5) f", "a) d", "đ) e"),
    *("* * *", "- -", "-", "--", "=", "goes on", "Ends.", "hard  ", "back\\", "> quote", "|a|b|"),
    *("  indented", "\ttab", "\u00a0", "e\u0301"),
]
LINES = st.sampled_from(HEADINGS + OTHERS)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(LINES, max_size=14).map("\n".join))
def test_what_was_read_once_reads_the_same_again(text):
    try:
        clauses = parse(text)
    except TextRefused:
        return

    assert parse(canonical(clauses)) == clauses


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=200), st.booleans())
def test_any_text_becomes_clauses_or_is_refused_by_name(text, with_heading):
    try:
        clauses = parse("1. One\n" + text if with_heading else text)
    except TextRefused:
        return

    assert parse(canonical(clauses)) == clauses
