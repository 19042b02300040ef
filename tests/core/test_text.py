"""Text as people type it: one spelling, nothing invisible that misleads, found again without accents."""

from unicodedata import normalize

import pytest

from portal.core.words import Unprintable, clean, fold


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Trần Thị Bích ", "Trần Thị Bích"),
        (normalize("NFD", "Trần Thị Bích"), "Trần Thị Bích"),
        ("hòa", "hòa"),
        ("hoà", "hoà"),
        ("👩‍👩‍👧 gia đình", "👩‍👩‍👧 gia đình"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("\u200bBích\ufeff", "Bích"),
        ("\u2067שלום\u2069", "שלום"),
        ("", ""),
        ("\u200b \u200b", ""),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_what_is_typed_is_kept_in_one_spelling(typed, kept):
    assert clean(typed) == kept


@pytest.mark.parametrize(
    "typed", ["nul\x00byte", "a\nb", "a\r\nb", "tab\tinside", "bell\x07", "half \ud83d", "\x85x\x85y"]
)
def test_what_cannot_be_printed_is_refused(typed):
    with pytest.raises(Unprintable):
        clean(typed)


def test_several_lines_may_have_line_breaks_of_any_kind_and_nothing_else():
    assert clean("a\r\nb\rc\u2028d\te", lines=True) == "a\nb\nc\nd\te"
    with pytest.raises(Unprintable):
        clean("a\nb\x00", lines=True)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Đặng Thị Ngọc Ánh", "dang thi ngoc anh"),
        (normalize("NFD", "Đặng Thị Ngọc Ánh"), "dang thi ngoc anh"),
        ("HOÀ", "hoa"),
        ("hòa", "hoa"),
        ("  Nguyễn   Văn\tBình ", "nguyen van binh"),
        ("Ｓｍａｒｔｏｓ", "smartos"),
        ("Straße", "strasse"),
    ],
)
def test_a_name_is_found_without_its_accents(name, folded):
    assert fold(name) == folded
