"""Anyone compares two versions of a policy, clause by clause and word by word (clause 12.1)."""

import random
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policies.clauses import parse
from portal.policies.comparison import ChangeKind, Span, SpanKind, compare, summary

SAME, INSERTED, DELETED = SpanKind.SAME, SpanKind.INSERTED, SpanKind.DELETED
GARDEN = (Path(__file__).parent / "thirteen_articles.txt").read_text(encoding="utf-8")


def changes(old, new):
    return compare(parse(old), parse(new))


def fates(old, new):
    return [(str(it.kind), it.old and it.old.number, it.new and it.new.number) for it in changes(old, new)]


def words(spans, *kinds):
    return " ".join(span.text for span in spans if span.kind in kinds).split()


def test_a_text_compared_with_itself_has_no_differences():
    found = changes(GARDEN, GARDEN)

    assert {it.kind for it in found} == {ChangeKind.SAME}
    assert summary(found).differences == 0
    assert summary(found).same == len(found) == 16


def test_a_changed_word_is_marked_and_its_neighbours_are_not():
    found = changes("1. Lưu giữ\nDữ liệu được giữ 30 ngày.", "1. Lưu giữ\nDữ liệu được giữ 20 ngày.")

    assert found[0].kind == ChangeKind.CHANGED
    assert found[0].body == [
        Span(SAME, "Dữ liệu được giữ "),
        Span(DELETED, "30 "),
        Span(INSERTED, "20 "),
        Span(SAME, "ngày."),
    ]


def test_two_vietnamese_words_that_differ_by_one_mark_are_two_words():
    found = changes("1. A\nQuyền của bạn", "1. A\nQuyến của bạn")

    assert found[0].body[:2] == [Span(DELETED, "Quyền "), Span(INSERTED, "Quyến ")]


def test_a_changed_title_is_marked_in_the_title_alone():
    found = changes("1. Cookies\nNone.", "1. Biscuits\nNone.")

    assert found[0].title == [Span(DELETED, "Cookies "), Span(INSERTED, "Biscuits")]
    assert found[0].body == [Span(SAME, "None.")]


def test_words_that_take_turns_at_the_end_do_not_run_together():
    found = changes("1. A\nwe keep it long", "1. A\nwe keep it long and safe")

    assert "".join(span.text for span in found[0].body) == "we keep it long and safe"


def test_markup_stays_text_in_the_spans():
    found = changes("1. A\nold <b>", "1. A\nold <script>alert(1)</script> {{7*7}}")

    assert words(found[0].body, INSERTED) == ["<script>alert(1)</script>", "{{7*7}}"]


def test_other_spacing_is_no_change_but_a_new_paragraph_is():
    assert fates("1. A\nwe keep it", "1. A\nwe \u00a0keep  it") == [("same", "1", "1")]
    assert fates("1. A\nWe keep. It stays.", "1. A\nWe keep.\nIt stays.") == [("changed", "1", "1")]


def test_an_article_put_in_moves_those_behind_it_and_changes_nothing_else():
    old = "1. One\nWelcome to us.\n2. Two\nYour rights.\n2.1 Ask: Write a letter.\n3. Three\nThe end of it."
    new = (
        "1. One\nWelcome to us.\n2. New\nSomething never said.\n3. Two\nYour rights.\n"
        "3.1 Ask: Write a letter.\n4. Three\nThe end of it."
    )

    assert fates(old, new) == [
        ("same", "1", "1"),
        ("added", None, "2"),
        ("moved", "2", "3"),
        ("moved", "2.1", "3.1"),
        ("moved", "3", "4"),
    ]
    assert not any(it.is_reworded for it in changes(old, new) if it.kind == ChangeKind.MOVED)


def test_a_clause_that_moves_and_is_reworded_is_found_by_its_title():
    old = "1. One\nHello there.\n2. Cookies\nOne session cookie only."
    new = "1. One\nHello there.\n2. Maps\nWe show where rooms are.\n3. Cookies\nSeveral small ones."

    moved = changes(old, new)[2]

    assert (moved.kind, moved.old.number, moved.new.number) == (ChangeKind.MOVED, "2", "3")
    assert moved.is_reworded


def test_a_clause_with_a_new_title_and_number_is_found_by_its_words():
    old = "1. One\nHello.\n2. Keeping\nWe keep your data for thirty days and no longer."
    new = "1. One\nHello.\n2. Maps\nRooms.\n3. Storage\nWe keep your data for twenty days and no longer."

    moved = changes(old, new)[2]

    assert (moved.old.title, moved.new.title) == ("Keeping", "Storage")
    assert words(moved.body, INSERTED) == ["twenty"]


def test_a_clause_that_stays_word_for_word_is_found_though_a_very_similar_one_takes_its_number():
    old = "1. A\n1.1 We keep your address for thirty days.\n"
    new = "1. A\n1.1 We keep your photos for thirty days.\n1.2 We keep your address for thirty days.\n"

    assert fates(old, new) == [("same", "1", "1"), ("added", None, "1.1"), ("moved", "1.1", "1.2")]


def test_a_clause_that_moves_with_a_new_title_counts_as_reworded():
    old = "1. Keeping\nWe keep it for thirty days and no longer."
    new = "1. Maps\nRooms.\n2. Storage\nWe keep it for thirty days and no longer."

    moved = changes(old, new)[1]

    assert (moved.kind, moved.is_reworded) == (ChangeKind.MOVED, True)


def test_a_removed_clause_is_shown_where_it_stood():
    old = "1. One\nFirst of all.\n2. Two\nGone tomorrow.\n3. Three\nLast of all."
    new = "1. One\nFirst of all.\n2. Three\nLast of all."

    assert fates(old, new) == [("same", "1", "1"), ("removed", "2", None), ("moved", "3", "2")]
    assert changes(old, new)[1].body == [Span(DELETED, "Gone tomorrow.")]


def test_an_article_replaced_by_another_is_removed_and_added():
    assert fates("1. Cookies\nOne only.", "1. Payment\nBy card, monthly.") == [
        ("removed", "1", None),
        ("added", None, "1"),
    ]


def test_an_untitled_sub_clause_that_is_rewritten_keeps_its_number():
    old, new = "1. A\n1.1 We ask first.\n", "1. A\n1.1 Nobody is bothered any more.\n"

    assert fates(old, new) == [("same", "1", "1"), ("changed", "1.1", "1.1")]


def test_the_summary_counts_each_fate_once():
    found = summary(changes("1. A\nx y z.\n2. B\nq.\n3. C\nr.", "1. A\nx y w.\n2. C\nr.\n3. D\nnew."))

    assert (found.changed, found.removed, found.moved, found.added, found.same) == (1, 1, 1, 1, 0)
    assert found.differences == 4


def test_six_thousand_words_with_a_hundred_and_fifty_edits_are_compared_well_within_a_second():
    chance = random.Random(356)
    before = [f"từ{chance.randrange(3000)}" for _ in range(6000)]
    after = list(before)
    for at in chance.sample(range(6000), 150):
        after[at] = f"mới{at}"
    old, new = parse("1. A\n" + " ".join(before)), parse("1. A\n" + " ".join(after))

    started = time.process_time()
    body = compare(old, new)[0].body
    spent = time.process_time() - started

    assert words(body, SAME, DELETED) == before
    assert words(body, SAME, INSERTED) == after
    assert 150 <= len(words(body, INSERTED)) <= 160
    assert spent < 1


def test_more_different_words_than_one_plane_has_private_characters_are_told_apart():
    before = [f"w{number}" for number in range(9000)]
    after = [*before[:2600], "other", *before[2601:]]  # 6,400 words later, where a plane would start again

    body = changes("1. A\n" + " ".join(before), "1. A\n" + " ".join(after))[0].body

    assert words(body, DELETED) == ["w2600"]
    assert words(body, INSERTED) == ["other"]


def test_two_long_texts_with_nothing_in_common_do_not_hold_anyone_up():
    chance = random.Random(116)
    texts = ["1. A\n" + " ".join(f"{side}{chance.randrange(900)}" for _ in range(20_000)) for side in "ab"]

    started = time.process_time()
    body = changes(*texts)[0].body
    spent = time.process_time() - started

    assert words(body, SAME, INSERTED) == texts[1].split()[2:]
    assert spent < 15


POLICIES = st.lists(
    st.tuples(
        st.sampled_from(["Cookies", "Rights", "Keeping", "Contact"]),
        st.lists(st.sampled_from(["a", "b", "c", "ngày", "giữ", "\n", "\n-", "-"]), max_size=12).map(" ".join),
    ),
    min_size=1,
    max_size=5,
).map(lambda articles: "\n\n".join(f"## {n}. {title}\n\n{body}" for n, (title, body) in enumerate(articles, 1)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(POLICIES, POLICIES)
def test_the_spans_of_any_two_texts_hold_every_word_of_both_and_no_other(one, other):
    old, new = parse(one), parse(other)

    found = compare(old, new)

    assert [it.new for it in found if it.new] == new
    assert sorted(it.old.number for it in found if it.old) == sorted(clause.number for clause in old)
    for it in found:
        assert words(it.body, SAME, DELETED) == (it.old.body.split() if it.old else [])
        assert words(it.body, SAME, INSERTED) == (it.new.body.split() if it.new else [])
        assert all(span.text for span in [*it.title, *it.body])
