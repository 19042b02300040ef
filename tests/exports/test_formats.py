"""The small forms of an export: cells no spreadsheet runs, cards folded right, names that are safe."""

import csv
import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exports.formats import _lines, cell, plain, safe
from portal.exports.names import LONGEST, safe_name
from portal.exports.portability import OCTETS, _folded


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://evil.test")',
        "+84905123456",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\ttab",
        "  =1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        "﹦1",
        "﹢1",
        "−1",
        "\x00=1",
    ],
)
def test_what_a_spreadsheet_could_run_gets_an_apostrophe(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Nguyễn Thị Ánh", "a=b", "1+1", "10:37 - 11:00", "'=quoted", "đ", "🐈"])
def test_all_other_text_stays_as_it_is(text):
    assert safe(text) == text


def test_every_line_of_a_cell_is_looked_at():
    assert safe("hello\n=1\r\n@x\rok") == "hello\n'=1\n'@x\nok"


@given(st.text())
def test_no_line_of_a_safe_cell_starts_a_formula(text):
    for line in safe(text).split("\n"):
        assert not line.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not line.startswith("\t")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4), max_size=4))
def test_a_sheet_reads_back_as_it_was_written(rows):
    read = list(csv.reader(io.StringIO(_lines(rows), newline="")))

    assert read == [[safe(text) for text in row] for row in rows]


def test_values_keep_their_meaning():
    assert plain(datetime(2026, 11, 23, 8, 30, tzinfo=UTC)) == "2026-11-23T08:30:00+00:00"
    assert plain(date(2026, 11, 23)) == "2026-11-23"
    assert plain(UUID(int=7)) == "00000000-0000-0000-0000-000000000007"
    assert plain(b"\xff") == "/w=="
    assert [plain(value) for value in (None, True, 0, "")] == [None, True, 0, ""]


def test_cells_show_what_is_not_text():
    assert [cell(value) for value in (None, True, 7, ["pms", "đặt phòng"])] == [
        "",
        "true",
        "7",
        '["pms", "đặt phòng"]',
    ]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_a_card_is_folded_at_75_octets_and_unfolds_to_what_it_was(text):
    folded = _folded(f"FN:{text}")

    assert folded.endswith(b"\r\n")
    lines = folded[:-2].split(b"\r\n")
    assert all(len(line) <= OCTETS for line in lines)
    assert all(line.decode("utf-8") is not None for line in lines)
    assert folded.replace(b"\r\n ", b"")[:-2].decode() == f"FN:{text}"


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("../../x", "x"),
        ("/abs", "abs"),
        ("a\\b.png", "b.png"),
        ("ảnh phòng 3.jpg", "ảnh phòng 3.jpg"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("lpt1.", "_lpt1"),
        ("a\0b", "ab"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("...", "_"),
        ("", "_"),
        ('a<b>:"|?*.png', "a_b______.png"),
        ("trailing. ", "trailing"),
    ],
)
def test_names_are_safe_on_every_system(given_name, expected):
    assert safe_name(given_name, taken=set()) == expected


def test_names_that_differ_only_in_case_or_accents_composition_are_numbered():
    taken: set[str] = set()

    names = [safe_name(name, taken=taken) for name in ("Ảnh.png", "ảnh.PNG", "A\u0309nh.png")]

    assert names == ["Ảnh.png", "ảnh (2).PNG", "Ảnh (3).png"]


@given(st.lists(st.text(max_size=300), max_size=20))
def test_whatever_files_are_called_each_gets_a_name_of_its_own(names):
    taken: set[str] = set()

    chosen = [safe_name(name, taken=taken) for name in names]

    assert len({name.casefold() for name in chosen}) == len(names)
    for name in chosen:
        assert name.strip(" .")
        assert len(name) <= LONGEST
        assert not set(name) & set('<>:"|?*\\/\0')
